function __obs_offered
    set -l list (string match -r '^.*,' -- (commandline -ct))
    count $list > /dev/null; or set list ''
    for value in (obs completions --offer $argv[1] -- (commandline -opc)[2..-1] 2>/dev/null)
        echo $list$value
    end
end
# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_obs_global_optspecs
    string join \n h/help V/version
end

function __fish_obs_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_obs_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_obs_using_subcommand
    set -l cmd (__fish_obs_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c obs -n "__fish_obs_needs_command" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_needs_command" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_needs_command" -f -a "correlate" -d 'Join entries by request id: every request with its duration and outcome, or one as a waterfall'
complete -c obs -n "__fish_obs_needs_command" -f -a "grep" -d 'Find entries (whole ones, stack traces included) that match a pattern and a condition'
complete -c obs -n "__fish_obs_needs_command" -f -a "stats" -d 'Count entries and requests, their success and their durations, in groups and over time'
complete -c obs -n "__fish_obs_needs_command" -f -a "templates" -d 'Group entries by what they say apart from their values: counts, first and last seen, examples'
complete -c obs -n "__fish_obs_needs_command" -f -a "detect" -d 'Find known failures, bursts and changes, with windows and evidence'
complete -c obs -n "__fish_obs_needs_command" -f -a "query" -d 'Ask with PromQL: over recorded metrics, and over metrics derived from logs'
complete -c obs -n "__fish_obs_needs_command" -f -a "dashboard" -d 'Draw a Grafana dashboard from files, and tell which of its panels have no data'
complete -c obs -n "__fish_obs_needs_command" -f -a "check-rules" -d 'Replay alerting rules over recorded metrics and logs; check and test rule files'
complete -c obs -n "__fish_obs_needs_command" -f -a "investigate" -d 'Say what failed, since when, how badly, for whom and why, without being asked'
complete -c obs -n "__fish_obs_needs_command" -f -a "fields" -d 'List the fields of the entries: their types, roles and values, and in how many entries they are'
complete -c obs -n "__fish_obs_needs_command" -f -a "formats" -d 'List formats of logs and metrics, explain how files were understood, test and import formats of one\'s own'
complete -c obs -n "__fish_obs_needs_command" -f -a "plan" -d 'Plan a command in parts, for many processes or machines: prints the numbers of its units, one a line'
complete -c obs -n "__fish_obs_needs_command" -f -a "partial" -d 'Do one unit of a plan, and write what it adds up to'
complete -c obs -n "__fish_obs_needs_command" -f -a "merge" -d 'Merge states of units of a plan, in any order and any number of steps'
complete -c obs -n "__fish_obs_needs_command" -f -a "report" -d 'Give the answer of a planned command, from the merged state of each of its passes'
complete -c obs -n "__fish_obs_needs_command" -f -a "spark" -d 'Print the driver that runs a command on a cluster with Apache Spark'
complete -c obs -n "__fish_obs_needs_command" -f -a "schema" -d 'Print the JSON Schema of what a command prints as JSON, or the names of all of them'
complete -c obs -n "__fish_obs_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c obs -n "__fish_obs_needs_command" -f -a "man" -d 'Print the manual page, of obs or of one of its commands'
complete -c obs -n "__fish_obs_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l by -d 'The field that holds the id (default: found by its name, else by what its values do)' -r -f -a '(__obs_offered --by)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l id -d 'Show this request\'s entries from every file, in the order of time; the beginning of an id is enough where only one begins so' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l graph -d 'Who calls whom, from the requests themselves: rates, failures, retries and latency of each edge; with --id, within that request' -r -f -a "text\t'Tables'
mermaid\t'A flowchart for Markdown'
dot\t'A graph for Graphviz'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l slowest -d 'The N slowest requests, the slowest first' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l slower-than -d 'Only requests that took longer than this' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l limit -d 'At most so many requests; 0 is all of them (default: 20 in tables, all in other forms)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand correlate" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand correlate" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand correlate" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand correlate" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand correlate" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand correlate" -l unlinked -d 'With --id: only entries with this very id, not those of ids that are linked with it (trace, order …)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l fix-skew -d 'With --id: put the times of logs right whose clocks are off'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l failed -d 'Only requests that failed'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l incomplete -d 'Only requests of which nothing says how they ended'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand correlate" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand correlate" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand correlate" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand correlate" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand correlate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand grep" -s e -l regexp -d 'A pattern (repeatable: any of them)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s m -l max-count -d 'At most so many entries of each file' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s A -l after-context -d 'So many entries after a match' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s B -l before-context -d 'So many entries before a match' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s C -l context -d 'So many entries before and after a match' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l sort -d 'The order of entries: of the files, or of time over all files' -r -f -a "file\t'File by file, as they are read'
time\t'By time, over all files'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l sample -d 'So many of the entries that match, spread over all of them; the same ones each time' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l fields -d 'Only these fields of each entry, in this order' -r -f -a '(__obs_offered --fields)'
complete -c obs -n "__fish_obs_using_subcommand grep" -l hide -d 'All fields but these' -r -f -a '(__obs_offered --hide)'
complete -c obs -n "__fish_obs_using_subcommand grep" -l time-format -d 'How times are written: strftime, such as \'%H:%M:%S%.3f\'' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l gaps -d 'Say so where nothing was found for longer than this' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand grep" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand grep" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand grep" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand grep" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand grep" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand grep" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'"
complete -c obs -n "__fish_obs_using_subcommand grep" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand grep" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand grep" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand grep" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand grep" -s F -l fixed-strings -d 'Patterns are text, no regular expressions'
complete -c obs -n "__fish_obs_using_subcommand grep" -s i -l ignore-case -d 'Large and small letters are alike'
complete -c obs -n "__fish_obs_using_subcommand grep" -s S -l smart-case -d 'Alike, unless there is a large letter in the pattern'
complete -c obs -n "__fish_obs_using_subcommand grep" -s v -l invert-match -d 'Entries that do not match'
complete -c obs -n "__fish_obs_using_subcommand grep" -s w -l word-regexp -d 'Only whole words'
complete -c obs -n "__fish_obs_using_subcommand grep" -s x -l line-regexp -d 'Only whole lines'
complete -c obs -n "__fish_obs_using_subcommand grep" -s c -l count -d 'Only count, for each file'
complete -c obs -n "__fish_obs_using_subcommand grep" -s l -l files-with-matches -d 'Only the names of files with a match'
complete -c obs -n "__fish_obs_using_subcommand grep" -s L -l files-without-match -d 'Only the names of files without a match'
complete -c obs -n "__fish_obs_using_subcommand grep" -s n -l line-number -d 'With the number of the entry\'s first line'
complete -c obs -n "__fish_obs_using_subcommand grep" -s o -l only-matching -d 'Only the parts that match, each on a line'
complete -c obs -n "__fish_obs_using_subcommand grep" -s H -l with-filename -d 'With the file\'s name'
complete -c obs -n "__fish_obs_using_subcommand grep" -s I -l no-filename -d 'Without the file\'s name'
complete -c obs -n "__fish_obs_using_subcommand grep" -s f -l follow -d 'Go on when the files end: print what is written to them, and to files that appear, as it is written. Ctrl-C ends it. A PATH may be a pattern in quotes'
complete -c obs -n "__fish_obs_using_subcommand grep" -l fix-skew -d 'With --sort time: put the times of hosts whose clocks run ahead back to where their requests say they were'
complete -c obs -n "__fish_obs_using_subcommand grep" -l raw -d 'Entries as they stand in the files, also on a terminal'
complete -c obs -n "__fish_obs_using_subcommand grep" -s p -l pretty -d 'Entries laid out for reading, also into a pipe'
complete -c obs -n "__fish_obs_using_subcommand grep" -l json -d 'One JSON object a line: the same as --output jsonl'
complete -c obs -n "__fish_obs_using_subcommand grep" -l line-buffered -d 'Write each entry at once, whatever reads it'
complete -c obs -n "__fish_obs_using_subcommand grep" -l no-fields -d 'No fields'
complete -c obs -n "__fish_obs_using_subcommand grep" -s r -s R -l recursive -d 'Directories are always walked'
complete -c obs -n "__fish_obs_using_subcommand grep" -s E -l extended-regexp -d 'Patterns are always extended regular expressions'
complete -c obs -n "__fish_obs_using_subcommand grep" -s P -l perl-regexp -d 'Patterns have Perl\'s classes and groups, without look-around and back-references'
complete -c obs -n "__fish_obs_using_subcommand grep" -s a -l text -d 'No file is taken for binary that has readable lines'
complete -c obs -n "__fish_obs_using_subcommand grep" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand grep" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand grep" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand grep" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand grep" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand grep" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand grep" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand grep" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand grep" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand grep" -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand grep" -s q -l quiet -d 'Print nothing; the exit code tells whether anything matches'
complete -c obs -n "__fish_obs_using_subcommand grep" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand stats" -l by -d 'Group by the values of these fields; endpoint is what was asked for, with numbers and ids in paths alike' -r -f -a '(__obs_offered --by)'
complete -c obs -n "__fish_obs_using_subcommand stats" -l every -d 'Group by time: buckets of this length, such as 1m, aligned to UTC' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l value -d 'Measure the values of this field (default: the role duration)' -r -f -a '(__obs_offered --value)'
complete -c obs -n "__fish_obs_using_subcommand stats" -l percentiles -d 'Percentiles of the values (default: 50,90,95,99,99.9; of those 50,95,99 in tables of groups, so that they fit)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l slo -d 'The percentage of requests that is promised to succeed, such as 99.9: error budget, how sure the rate is, and how fast the budget burnt' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l apdex -d 'How content users are who expect an answer within this time, such as 500ms: from 0, nobody, to 1, all' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l diff -d 'Compare the time from A until B with what was before A, or with a second window' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l why -d 'Show the entries behind these numbers: p99, max, min, failed' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l critical-path -d 'What slow requests wait for, by service and operation, against the calm ones that begin alike, from spans; and what slow and failed requests have in common. Slow is the slowest tenth, or as said: p99, 500ms' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand stats" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand stats" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand stats" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand stats" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand stats" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand stats" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand stats" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand stats" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand stats" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand stats" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand stats" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand stats" -l sort -d 'Sort by this column: numbers from the greatest, words from A; with :asc or :desc behind it the other way' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l limit -d 'At most so many rows; 0 is all of them' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l top -d 'The N greatest, by --sort or else by count' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand stats" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand stats" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand stats" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand stats" -l heat-map -d 'Draw how the values spread over time'
complete -c obs -n "__fish_obs_using_subcommand stats" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand stats" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand stats" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand stats" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand stats" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand stats" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand stats" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand stats" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand stats" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand stats" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand stats" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand templates" -l diff -d 'Compare what is said from A until B with what was said before A, or in a second window' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l new-since -d 'Only what is said from this time on and was not said before' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand templates" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand templates" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand templates" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand templates" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand templates" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand templates" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand templates" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand templates" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand templates" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand templates" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand templates" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand templates" -l sort -d 'Sort by this column: numbers from the greatest, words from A; with :asc or :desc behind it the other way' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l limit -d 'At most so many rows; 0 is all of them' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l top -d 'The N greatest, by --sort or else by count' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand templates" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand templates" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand templates" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand templates" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand templates" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand templates" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand templates" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand templates" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand templates" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand templates" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand templates" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand templates" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand templates" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand templates" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand templates" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand detect" -l only -d 'Look only for these (see --list)' -r -f -a "pool-exhaustion\t''
pool-near-exhaustion\t''
thread-pool-exhaustion\t''
out-of-memory\t''
gc-pause\t''
eviction\t''
stall\t''
slow-disk\t''
disk\t''
mount\t''
data-loss\t''
file-descriptors\t''
network-tables\t''
deadlock\t''
lock-wait\t''
slow-query\t''
replication\t''
certificate\t''
credential\t''
permission\t''
link\t''
dns\t''
cluster\t''
connection-failure\t''
backends\t''
timeout\t''
rate-limit\t''
circuit-breaker\t''
queue\t''
crash\t''
unhandled-exception\t''
restart\t''
clock\t''
deploy\t''
configuration\t''
job\t''
failure\t''
error-burst\t''
error-share\t''
latency\t''
retry-storm\t''
traffic\t''
volume\t''
silence\t''
slow-spans\t''
failed-spans\t''
changed-flow\t''
cache\t''
cpu\t''
down\t''
errors\t''
in-flight\t''
metric-change\t''
pool-usage\t''
pool-waiting\t''
retry\t''
saturation\t''
sockets\t''
image-pull\t''
scheduling\t''
admission\t''
storage\t''
settings\t''
probe\t''
endpoints\t''
node\t''
control-plane\t''
evicted\t''
alert\t''
test-failure\t''
load-failure\t''
load-limit\t''
unavailable\t''"
complete -c obs -n "__fish_obs_using_subcommand detect" -l signatures -d 'Look for what the rules of this file or folder say, too (CRE rules; may be given more than once)' -r -F
complete -c obs -n "__fish_obs_using_subcommand detect" -l fail-on -d 'Exit code 1 if there is a finding of this severity or worse: low, medium, high, critical' -r -f -a "low\t''
medium\t''
high\t''
critical\t''"
complete -c obs -n "__fish_obs_using_subcommand detect" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand detect" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand detect" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand detect" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand detect" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand detect" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l baseline -d 'Compare with this time, instead of with the calm part that is found: 02:30..03:00, start..start+20m' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand detect" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand detect" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand detect" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand detect" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand detect" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand detect" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'
junit\t'JUnit XML, for CI'
sarif\t'SARIF, for code scanning'
github\t'Annotations of GitHub Actions'"
complete -c obs -n "__fish_obs_using_subcommand detect" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand detect" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand detect" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand detect" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand detect" -s f -l follow -d 'Go on when the files end: say when a finding begins and when it ends, as they grow. Ctrl-C ends it'
complete -c obs -n "__fish_obs_using_subcommand detect" -l list -d 'List what can be found, and stop'
complete -c obs -n "__fish_obs_using_subcommand detect" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand detect" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand detect" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand detect" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand detect" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand detect" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand detect" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand detect" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand detect" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand detect" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand detect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand detect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query" -l at -d 'At one time: 2023-12-24T03:06:00Z, 03:06, end-5m' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l start -d 'From this time on (default: the start of the data)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l end -d 'Up to this time (default: the end of the data)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l step -d 'From one time to the next (default: a round length that makes 200 steps at most)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -s r -l rules -d 'Evaluate the rules of this file first (repeatable): what they record, ALERTS and ALERTS_FOR_STATE can then be asked for' -r -F
complete -c obs -n "__fish_obs_using_subcommand query" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand query" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand query" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand query" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand query" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand query" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand query" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand query" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand query" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand query" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand query" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand query" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand query" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand query" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand query" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand query" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand query" -l enable-experimental -d 'Allow experimental functions and modifiers of PromQL'
complete -c obs -n "__fish_obs_using_subcommand query" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand query" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand query" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand query" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand query" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand query" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand query" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand query" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand query" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand query" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand query" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand query" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l var -d 'The value of a variable (repeatable; several values parted by commas; All)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l start -d 'From this time on (default: the start of the data)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l end -d 'Up to this time (default: the end of the data)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l step -d 'From one time to the next (default: as each panel says, for its width)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l fail-on -d 'Panels that make exit code 1: those without data and those in error, or only those in error' -r -f -a "empty\t'without data, or in error'
error\t'in error'
never\t'none'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l html -d 'Write the page to this file, too; - is standard output' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l markdown -d 'Write it as Markdown to this file, too; - is standard output' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l onset -d 'Mark this time in every chart: when the trouble began' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s r -l rules -d 'Replay the rules of this file: when alerts fired is marked in every chart, and lists of alerts show them (repeatable)' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'
junit\t'JUnit XML, for CI'
sarif\t'SARIF, for code scanning'
github\t'Annotations of GitHub Actions'"
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l unused -d 'Also the metrics of the data that no panel, no variable and no rule given asks for'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand dashboard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s r -l rules -d 'Rule file, a folder of them, or a prometheus.yml that names them (repeatable); - is standard input' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l alertmanager -d 'Alertmanager\'s configuration: routes, inhibition, mute times' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l silences -d 'Silences, as the JSON of Alertmanager\'s API' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l acknowledgements -d 'Who took note of which alerts: a list such as [{alert: Errors, at: 2023-12-24T03:08:00Z, by: kim}]' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l interval -d 'Evaluate all groups this often (default: as each group says, else as the data was sampled, else 1m)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l tests -d 'Unit tests in the format of promtool (repeatable)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l run -d 'Only tests whose name matches (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l junit -d 'Write the outcome of tests and rules to this file, too, as JUnit XML' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l fail-on -d 'Alerts that make exit code 1: of this severity or worse (default: any; with --expect never). Suppressed ones never do; those without a known severity count as low' -r -f -a "low\t'low or worse'
medium\t'medium or worse'
high\t'high or worse'
critical\t'critical'
any\t'all'
never\t'none'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l expect -d 'What an alert has to do, else exit code 1: NAME[{labels}][=firing|pending|never][@FROM..UNTIL], such as \'HighErrorRate{gateway="toss"}=firing@03:00..03:10\' (repeatable)' -r -f -a '(__obs_offered --expect)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l expect-file -d 'A file of such expectations, one a line (repeatable)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l dashboard -d 'With --unused: a file of a dashboard, such as Grafana\'s JSON, whose metrics are used, too (repeatable)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l dialect -d 'Whose rule files they are: what that house knows beside Prometheus\' fields is no error' -r -f -a "prometheus\t''
thanos\t''
mimir\t''
vmalert\t''
loki\t''"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l seed-tests -d 'Write unit tests for the rules from the data, to this file (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l routes-for -d 'Only say who would be told of an alert with these labels (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l explain -d 'The value of every part of this rule\'s expression (see --at)' -r -f -a '(__obs_offered --explain)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l at -d 'For --explain and --routes-for: at this time (default for --explain: when the rule first fired)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l for -d 'How often and when alerts would have fired with these values of `for`' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l threshold -d 'How often and when alerts would have fired if compared with these numbers, instead of the one that the value shown by the alert is compared with' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l threshold-of -d 'For --threshold: vary the number of another comparison, given by its position (1 is the first one written) or by a part of its text' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l only -d 'Replay only these alerts (repeatable); recording rules are evaluated in any case' -r -f -a '(__obs_offered --only)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'
junit\t'JUnit XML, for CI'
sarif\t'SARIF, for code scanning'
github\t'Annotations of GitHub Actions'"
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s f -l follow -d 'Go on when the files end: say when an alert fires and when it is resolved, as they grow. Ctrl-C ends it'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l notifications -d 'What the receivers would have read, message by message; nothing is ever sent'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l diff -d 'Show what failed tests expected and got as a difference, line by line'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l allow-no-data -d 'Rules whose series are absent are no trouble'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l lint -d 'Look for rules that are valid and still not what was meant; exit code 1 if there are some. With PATHs they are held against the data, too'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l checks -d 'Only tell what each check of --lint is for, with examples'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l unused -d 'With --lint: metrics of the data that no rule uses'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l ignore-unknown-fields -d 'Unknown fields in rule files and tests are no error'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l enable-experimental -d 'Allow experimental functions and modifiers of PromQL'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l show-routes -d 'Only show Alertmanager\'s routes as a tree; with --routes-for those that alerts with these labels go to'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand check-rules" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand investigate" -s r -l rules -d 'Rules whose alerts are replayed over the same files: which would have fired, and when (repeatable)' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l html -d 'Write the page to hand over into this file, too: pictures, requests, evidence; it opens offline' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l markdown -d 'Write the same for tickets and post-mortems into this file, too' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l dashboard -d 'Put this Grafana dashboard behind the story on the page, over the same files (repeatable)' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l fail-on -d 'Exit code 1 if this is the verdict, or a worse one: failing, trouble' -r -f -a "failing\t''
trouble\t''"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l signatures -d 'Look for what the rules of this file or folder say, too (CRE rules; may be given more than once)' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l success -d 'What a successful request is, such as \'status < 400\' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l baseline -d 'Compare with this time, instead of with the calm part that is found: 02:30..03:00, start..start+20m' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand investigate" -l partial -d 'Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l unit -d 'The number of the unit (repeatable: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand investigate" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand investigate" -l why -d 'Show for each cause the reasons for and against it, with their weights in log odds'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand investigate" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand investigate" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand investigate" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand investigate" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand investigate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand fields" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand fields" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand fields" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand fields" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l level -d 'Entries of this level or worse' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c obs -n "__fish_obs_using_subcommand fields" -l where -d 'Entries for which this holds, such as \'status >= 500 and duration > 1s\' (repeatable; all must hold)' -r -f -a '(__obs_offered --where)'
complete -c obs -n "__fish_obs_using_subcommand fields" -l since -d 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or seconds since 1970' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l until -d 'Entries before this time' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand fields" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand fields" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand fields" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand fields" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand fields" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand fields" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand fields" -l sort -d 'Sort by this column: numbers from the greatest, words from A; with :asc or :desc behind it the other way' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l limit -d 'At most so many rows; 0 is all of them' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l top -d 'The N greatest, by --sort or else by count' -r
complete -c obs -n "__fish_obs_using_subcommand fields" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand fields" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand fields" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand fields" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand fields" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand fields" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand fields" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand fields" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand fields" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand fields" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand fields" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand fields" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand formats; and not __fish_seen_subcommand_from list explain test import help" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand formats; and not __fish_seen_subcommand_from list explain test import help" -f -a "list" -d 'Every format of logs and metrics that is recognised'
complete -c obs -n "__fish_obs_using_subcommand formats; and not __fish_seen_subcommand_from list explain test import help" -f -a "explain" -d 'For each file: the formats tried, how many of the sampled lines each understood, and where it stopped'
complete -c obs -n "__fish_obs_using_subcommand formats; and not __fish_seen_subcommand_from list explain test import help" -f -a "test" -d 'Try the formats of obs.yaml on their samples'
complete -c obs -n "__fish_obs_using_subcommand formats; and not __fish_seen_subcommand_from list explain test import help" -f -a "import" -d 'Turn an lnav format file into formats for obs.yaml, on standard output'
complete -c obs -n "__fish_obs_using_subcommand formats; and not __fish_seen_subcommand_from list explain test import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l config -d 'Configuration that describes formats (default: as for every command)' -r -F
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l format -d 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)' -r -f -a "envelope\t''
docker\t''
cri\t''
stamped\t''
laurel\t''
k6\t''
inner-envelope\t''
json\t''
w3c\t''
zeek\t''
k6-csv\t''
csv\t''
haproxy\t''
access\t''
klog\t''
postgres-csv\t''
postgres\t''
mysql-error\t''
mysql-general\t''
mysql-slow\t''
redis\t''
nginx-error\t''
apache-error\t''
alb\t''
s3\t''
squid\t''
uwsgi\t''
gin\t''
logcat\t''
lambda\t''
envoy\t''
cluster\t''
auditd\t''
cef\t''
cmtrace\t''
chromium\t''
weblogic\t''
websphere\t''
ossec\t''
modsecurity\t''
sap-trace\t''
sap-audit\t''
dmesg\t''
java-util-logging\t''
dotnet\t''
ruby\t''
xml-event\t''
windows-event\t''
windows-event-text\t''
journal-export\t''
journal-verbose\t''
logfmt\t''
prefix\t''
syslog\t''
text\t''
prometheus-api\t''
victoriametrics\t''
promtool-query\t''
otlp-metrics\t''
sadf\t''
sysstat\t''
procps\t''
proc\t''
jvm-gc\t''
graphite-render\t''
graphite\t''
influx\t''
statsd\t''
tsdb-dump\t''
openmetrics\t''
prometheus\t''
collectd\t''
csv\t''"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l tz -d 'Zone of times that have no offset, such as Europe/Berlin or +09:00' -r -f -a '(__obs_offered --tz)'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l map -d 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l label -d 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label \'job=node:node*.prom\' (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l config -d 'Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else obs/obs.yaml in the user\'s configuration directory)' -r -F
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s g -l glob -d 'Of directories and archives only files that this glob names; with ! before it those that it does not name (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s t -l type -d 'Only files of this type, such as log or json, by their names (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s T -l type-not -d 'No files of this type (repeatable)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s j -l threads -d 'Number of threads (default: one per core)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l chunk -d 'Bytes of a chunk; the answer does not depend on it' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l most -d 'The most groups, templates, fields and the like that are told apart' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l now -d 'The time that counts as now' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l no-defaults -d 'Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s L -l follow-links -d 'Follow symbolic links inside directories'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l hidden -d 'Also hidden files and directories'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l no-ignore -d 'Also files that .ignore and .rgignore files name'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s u -l unrestricted -d '-u is --no-ignore, -uu also --hidden'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l no-mmap -d 'Read files instead of mapping them into memory'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l strict -d 'Lines that no format understands, and files that cannot be read, are errors'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l unparsed -d 'Show the lines that no format understands, on stderr'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l config -d 'The configuration' -r -F
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l output -d 'Form of the answer' -r -f -a "table\t'For people'
json\t'One JSON value'
jsonl\t'One JSON value a line'
csv\t'Tables for spreadsheets'
markdown\t'For tickets and post-mortems'
html\t'One page that opens offline'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l table -d 'With --output csv: the table of this name (default: the first; the others are named on stderr)' -r
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l color -d 'Colours: auto means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l theme -d 'Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as \'match=30;43:dim=90\'' -r -f -a "auto\t'As the terminal says'
dark\t'A dark ground'
light\t'A light ground'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l paging -d 'Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l hyperlink -d 'Link file names to the files: auto means on a terminal that is known to follow links' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l time-zone -d 'Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC' -r -f -a '(__obs_offered --time-zone)'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l progress -d 'Progress on stderr: auto means on a terminal' -r -f -a "auto\t'On a terminal'
always\t'In any case'
never\t'In no case'"
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l verbose -d 'Tell what was read of each file'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -l redact -d 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from help" -f -a "list" -d 'Every format of logs and metrics that is recognised'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from help" -f -a "explain" -d 'For each file: the formats tried, how many of the sampled lines each understood, and where it stopped'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from help" -f -a "test" -d 'Try the formats of obs.yaml on their samples'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from help" -f -a "import" -d 'Turn an lnav format file into formats for obs.yaml, on standard output'
complete -c obs -n "__fish_obs_using_subcommand formats; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c obs -n "__fish_obs_using_subcommand plan" -s o -l plan -d 'The file to write the plan to' -r -F
complete -c obs -n "__fish_obs_using_subcommand plan" -l unit-bytes -d 'About how much a unit reads: files that can be read in pieces are cut into pieces of this size, small ones go together' -r
complete -c obs -n "__fish_obs_using_subcommand plan" -l buckets -d 'Into how many buckets of ids `obs partial` sorts what it hands on, where a command has ids (correlate): then each can be merged by another process' -r
complete -c obs -n "__fish_obs_using_subcommand plan" -l by-file -d 'Each file is a unit of its own, whatever its size, and its path is printed behind its number and a tab: for programs that bring the files to where their units are done'
complete -c obs -n "__fish_obs_using_subcommand plan" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand partial" -l unit -d 'The number of the unit (repeatable, and as a list: several become one)' -r
complete -c obs -n "__fish_obs_using_subcommand partial" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand partial" -l directory -d 'Where the paths of the command begin (default: the directory in which the plan was made)' -r -F
complete -c obs -n "__fish_obs_using_subcommand partial" -s o -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand partial" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand merge" -l bucket -d 'Only this bucket of a plan with --buckets: then other processes do the others' -r
complete -c obs -n "__fish_obs_using_subcommand merge" -l after -d 'The merged state of an earlier pass (repeatable, in their order)' -r -F
complete -c obs -n "__fish_obs_using_subcommand merge" -l directory -d 'Where the paths of the command begin (default: the directory in which the plan was made)' -r -F
complete -c obs -n "__fish_obs_using_subcommand merge" -s o -l state -d 'The file to write to (default: standard output)' -r -F
complete -c obs -n "__fish_obs_using_subcommand merge" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand report" -l directory -d 'Where the paths of the command begin (default: the directory in which the plan was made)' -r -F
complete -c obs -n "__fish_obs_using_subcommand report" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand spark" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand schema" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand completions" -l offer -d 'Print the values of this option for the words that are typed: what the scripts ask' -r
complete -c obs -n "__fish_obs_using_subcommand completions" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand man" -s h -l help -d 'Print help'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "correlate" -d 'Join entries by request id: every request with its duration and outcome, or one as a waterfall'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "grep" -d 'Find entries (whole ones, stack traces included) that match a pattern and a condition'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "stats" -d 'Count entries and requests, their success and their durations, in groups and over time'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "templates" -d 'Group entries by what they say apart from their values: counts, first and last seen, examples'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "detect" -d 'Find known failures, bursts and changes, with windows and evidence'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "query" -d 'Ask with PromQL: over recorded metrics, and over metrics derived from logs'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "dashboard" -d 'Draw a Grafana dashboard from files, and tell which of its panels have no data'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "check-rules" -d 'Replay alerting rules over recorded metrics and logs; check and test rule files'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "investigate" -d 'Say what failed, since when, how badly, for whom and why, without being asked'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "fields" -d 'List the fields of the entries: their types, roles and values, and in how many entries they are'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "formats" -d 'List formats of logs and metrics, explain how files were understood, test and import formats of one\'s own'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "plan" -d 'Plan a command in parts, for many processes or machines: prints the numbers of its units, one a line'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "partial" -d 'Do one unit of a plan, and write what it adds up to'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "merge" -d 'Merge states of units of a plan, in any order and any number of steps'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "report" -d 'Give the answer of a planned command, from the merged state of each of its passes'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "spark" -d 'Print the driver that runs a command on a cluster with Apache Spark'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "schema" -d 'Print the JSON Schema of what a command prints as JSON, or the names of all of them'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "man" -d 'Print the manual page, of obs or of one of its commands'
complete -c obs -n "__fish_obs_using_subcommand help; and not __fish_seen_subcommand_from correlate grep stats templates detect query dashboard check-rules investigate fields formats plan partial merge report spark schema completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c obs -n "__fish_obs_using_subcommand help; and __fish_seen_subcommand_from formats" -f -a "list" -d 'Every format of logs and metrics that is recognised'
complete -c obs -n "__fish_obs_using_subcommand help; and __fish_seen_subcommand_from formats" -f -a "explain" -d 'For each file: the formats tried, how many of the sampled lines each understood, and where it stopped'
complete -c obs -n "__fish_obs_using_subcommand help; and __fish_seen_subcommand_from formats" -f -a "test" -d 'Try the formats of obs.yaml on their samples'
complete -c obs -n "__fish_obs_using_subcommand help; and __fish_seen_subcommand_from formats" -f -a "import" -d 'Turn an lnav format file into formats for obs.yaml, on standard output'
