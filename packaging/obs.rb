# Homebrew's formula. A release writes its own url and sha256 here.
class Obs < Formula
  desc "Finds out from log and metric files what failed, since when, for whom and why"
  homepage "https://github.com/obs-cli/obs"
  url "https://github.com/obs-cli/obs/archive/refs/tags/v0.2.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", "--profile", "dist", *std_cargo_args
    generate_completions_from_executable(bin/"obs", "completions")
    (man1/"obs.1").write Utils.safe_popen_read(bin/"obs", "man")
  end

  test do
    (testpath/"app.log").write "2023-12-24T03:06:00Z ERROR connection pool exhausted\n"
    assert_equal "1\n", shell_output("#{bin}/obs grep -c exhausted app.log")
  end
end
