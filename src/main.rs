//! The `obs` program: hands the arguments to the library and its verdict to the shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    obs::cli::main()
}
