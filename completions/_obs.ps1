
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'obs' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'obs'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'obs' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('correlate', 'correlate', [CompletionResultType]::ParameterValue, 'Join entries by request id: every request with its duration and outcome, or one as a waterfall')
            [CompletionResult]::new('grep', 'grep', [CompletionResultType]::ParameterValue, 'Find entries (whole ones, stack traces included) that match a pattern and a condition')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count entries and requests, their success and their durations, in groups and over time')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'Group entries by what they say apart from their values: counts, first and last seen, examples')
            [CompletionResult]::new('detect', 'detect', [CompletionResultType]::ParameterValue, 'Find known failures, bursts and changes, with windows and evidence')
            [CompletionResult]::new('query', 'query', [CompletionResultType]::ParameterValue, 'Ask with PromQL: over recorded metrics, and over metrics derived from logs')
            [CompletionResult]::new('check-rules', 'check-rules', [CompletionResultType]::ParameterValue, 'Replay alerting rules over recorded metrics and logs; check and test rule files')
            [CompletionResult]::new('investigate', 'investigate', [CompletionResultType]::ParameterValue, 'Say what failed, since when, how badly, for whom and why, without being asked')
            [CompletionResult]::new('fields', 'fields', [CompletionResultType]::ParameterValue, 'List the fields of the entries: their types, roles and values, and in how many entries they are')
            [CompletionResult]::new('formats', 'formats', [CompletionResultType]::ParameterValue, 'List formats of logs and metrics, explain how files were understood, test and import formats of one''s own')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, of obs or of one of its commands')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'obs;correlate' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'The field that holds the id (default: found by its name, else by what its values do)')
            [CompletionResult]::new('--success', '--success', [CompletionResultType]::ParameterName, 'What a successful request is, such as ''status < 400'' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Show this request''s entries from every file, in the order of time')
            [CompletionResult]::new('--graph', '--graph', [CompletionResultType]::ParameterName, 'Who calls whom, from the requests themselves: rates, failures, retries and latency of each edge')
            [CompletionResult]::new('--slowest', '--slowest', [CompletionResultType]::ParameterName, 'The N slowest requests, the slowest first')
            [CompletionResult]::new('--slower-than', '--slower-than', [CompletionResultType]::ParameterName, 'Only requests that took longer than this')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many requests; 0 is all of them (default: 20 in tables, all in other forms)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('--unlinked', '--unlinked', [CompletionResultType]::ParameterName, 'With --id: only entries with this very id, not those of ids that are linked with it (trace, order …)')
            [CompletionResult]::new('--fix-skew', '--fix-skew', [CompletionResultType]::ParameterName, 'With --id: put the times of logs right whose clocks are off')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'Only requests that failed')
            [CompletionResult]::new('--incomplete', '--incomplete', [CompletionResultType]::ParameterName, 'Only requests of which nothing says how they ended')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;grep' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'A pattern (repeatable: any of them)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'A pattern (repeatable: any of them)')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'At most so many entries of each file')
            [CompletionResult]::new('--max-count', '--max-count', [CompletionResultType]::ParameterName, 'At most so many entries of each file')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'So many entries after a match')
            [CompletionResult]::new('--after-context', '--after-context', [CompletionResultType]::ParameterName, 'So many entries after a match')
            [CompletionResult]::new('-B', '-B ', [CompletionResultType]::ParameterName, 'So many entries before a match')
            [CompletionResult]::new('--before-context', '--before-context', [CompletionResultType]::ParameterName, 'So many entries before a match')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'So many entries before and after a match')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'So many entries before and after a match')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'The order of entries: of the files, or of time over all files')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Patterns are text, no regular expressions')
            [CompletionResult]::new('--fixed-strings', '--fixed-strings', [CompletionResultType]::ParameterName, 'Patterns are text, no regular expressions')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Large and small letters are alike')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Large and small letters are alike')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Alike, unless there is a large letter in the pattern')
            [CompletionResult]::new('--smart-case', '--smart-case', [CompletionResultType]::ParameterName, 'Alike, unless there is a large letter in the pattern')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Entries that do not match')
            [CompletionResult]::new('--invert-match', '--invert-match', [CompletionResultType]::ParameterName, 'Entries that do not match')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Only whole words')
            [CompletionResult]::new('--word-regexp', '--word-regexp', [CompletionResultType]::ParameterName, 'Only whole words')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Only whole lines')
            [CompletionResult]::new('--line-regexp', '--line-regexp', [CompletionResultType]::ParameterName, 'Only whole lines')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Only count, for each file')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Only count, for each file')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Only the names of files with a match')
            [CompletionResult]::new('--files-with-matches', '--files-with-matches', [CompletionResultType]::ParameterName, 'Only the names of files with a match')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'With the number of the entry''s first line')
            [CompletionResult]::new('--line-number', '--line-number', [CompletionResultType]::ParameterName, 'With the number of the entry''s first line')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Only the parts that match, each on a line')
            [CompletionResult]::new('--only-matching', '--only-matching', [CompletionResultType]::ParameterName, 'Only the parts that match, each on a line')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'With the file''s name')
            [CompletionResult]::new('--with-filename', '--with-filename', [CompletionResultType]::ParameterName, 'With the file''s name')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Without the file''s name')
            [CompletionResult]::new('--no-filename', '--no-filename', [CompletionResultType]::ParameterName, 'Without the file''s name')
            [CompletionResult]::new('--fix-skew', '--fix-skew', [CompletionResultType]::ParameterName, 'With --sort time: put the times of hosts whose clocks run ahead back to where their requests say they were')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'The entries'' own bytes and nothing else; only into a pipe or a file')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;stats' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Group by the values of these fields')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Group by time: buckets of this length, such as 1m, aligned to UTC')
            [CompletionResult]::new('--value', '--value', [CompletionResultType]::ParameterName, 'Measure the values of this field (default: the role duration)')
            [CompletionResult]::new('--percentiles', '--percentiles', [CompletionResultType]::ParameterName, 'Percentiles of the values (default: 50,90,95,99,99.9; of those 50,95,99 in tables of groups, so that they fit)')
            [CompletionResult]::new('--success', '--success', [CompletionResultType]::ParameterName, 'What a successful request is, such as ''status < 400'' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)')
            [CompletionResult]::new('--slo', '--slo', [CompletionResultType]::ParameterName, 'The percentage of requests that is promised to succeed, such as 99.9: error budget, how sure the rate is, and how fast the budget burnt')
            [CompletionResult]::new('--apdex', '--apdex', [CompletionResultType]::ParameterName, 'How content users are who expect an answer within this time, such as 500ms: from 0, nobody, to 1, all')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Compare the time from A until B with what was before A, or with a second window')
            [CompletionResult]::new('--why', '--why', [CompletionResultType]::ParameterName, 'Show the entries behind these numbers: p99, max, min, failed')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('--heat-map', '--heat-map', [CompletionResultType]::ParameterName, 'Draw how the values spread over time')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;templates' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Show so many templates')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Compare what is said from A until B with what was said before A, or in a second window')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;detect' {
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Look only for these (see --list)')
            [CompletionResult]::new('--signatures', '--signatures', [CompletionResultType]::ParameterName, 'Look for what the rules of this file or folder say, too (CRE rules; may be given more than once)')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit code 1 if there is a finding of this severity or worse: low, medium, high, critical')
            [CompletionResult]::new('--success', '--success', [CompletionResultType]::ParameterName, 'What a successful request is, such as ''status < 400'' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Compare with this time, instead of with the calm part that is found: 02:30..03:00, start..start+20m')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List what can be found, and stop')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;query' {
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'At one time: 2023-12-24T03:06:00Z, 03:06, end-5m')
            [CompletionResult]::new('--start', '--start', [CompletionResultType]::ParameterName, 'From this time on (default: the start of the data)')
            [CompletionResult]::new('--end', '--end', [CompletionResultType]::ParameterName, 'Up to this time (default: the end of the data)')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'From one time to the next (default: a round length that makes 200 steps at most)')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Evaluate the rules of this file first (repeatable): what they record, ALERTS and ALERTS_FOR_STATE can then be asked for')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Evaluate the rules of this file first (repeatable): what they record, ALERTS and ALERTS_FOR_STATE can then be asked for')
            [CompletionResult]::new('--success', '--success', [CompletionResultType]::ParameterName, 'What a successful request is, such as ''status < 400'' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('--enable-experimental', '--enable-experimental', [CompletionResultType]::ParameterName, 'Allow experimental functions and modifiers of PromQL')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;check-rules' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Rule file, a folder of them, or a prometheus.yml that names them (repeatable); - is standard input')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Rule file, a folder of them, or a prometheus.yml that names them (repeatable); - is standard input')
            [CompletionResult]::new('--alertmanager', '--alertmanager', [CompletionResultType]::ParameterName, 'Alertmanager''s configuration: routes, inhibition, mute times')
            [CompletionResult]::new('--silences', '--silences', [CompletionResultType]::ParameterName, 'Silences, as the JSON of Alertmanager''s API')
            [CompletionResult]::new('--acknowledgements', '--acknowledgements', [CompletionResultType]::ParameterName, 'Who took note of which alerts: a list such as [{alert: Errors, at: 2023-12-24T03:08:00Z, by: kim}]')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Evaluate all groups this often (default: as each group says, else as the data was sampled, else 1m)')
            [CompletionResult]::new('--tests', '--tests', [CompletionResultType]::ParameterName, 'Unit tests in the format of promtool (repeatable)')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Only tests whose name matches (repeatable)')
            [CompletionResult]::new('--junit', '--junit', [CompletionResultType]::ParameterName, 'Write the outcome of tests and rules to this file, too, as JUnit XML')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Alerts that make exit code 1: of this severity or worse. Suppressed ones never do; those without a known severity count as low')
            [CompletionResult]::new('--dashboard', '--dashboard', [CompletionResultType]::ParameterName, 'With --unused: a file of a dashboard, such as Grafana''s JSON, whose metrics are used, too (repeatable)')
            [CompletionResult]::new('--dialect', '--dialect', [CompletionResultType]::ParameterName, 'Whose rule files they are: what that house knows beside Prometheus'' fields is no error')
            [CompletionResult]::new('--seed-tests', '--seed-tests', [CompletionResultType]::ParameterName, 'Write unit tests for the rules from the data, to this file (default: standard output)')
            [CompletionResult]::new('--routes-for', '--routes-for', [CompletionResultType]::ParameterName, 'Only say who would be told of an alert with these labels (repeatable)')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'The value of every part of this rule''s expression (see --at)')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'For --explain and --routes-for: at this time (default for --explain: when the rule first fired)')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'How often and when alerts would have fired with these values of `for`')
            [CompletionResult]::new('--threshold', '--threshold', [CompletionResultType]::ParameterName, 'How often and when alerts would have fired if compared with these numbers, instead of the one that the value shown by the alert is compared with')
            [CompletionResult]::new('--threshold-of', '--threshold-of', [CompletionResultType]::ParameterName, 'For --threshold: vary the number of another comparison, given by its position (1 is the first one written) or by a part of its text')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Replay only these alerts (repeatable); recording rules are evaluated in any case')
            [CompletionResult]::new('--success', '--success', [CompletionResultType]::ParameterName, 'What a successful request is, such as ''status < 400'' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('--notifications', '--notifications', [CompletionResultType]::ParameterName, 'What the receivers would have read, message by message; nothing is ever sent')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Show what failed tests expected and got as a difference, line by line')
            [CompletionResult]::new('--allow-no-data', '--allow-no-data', [CompletionResultType]::ParameterName, 'Rules whose series are absent are no trouble')
            [CompletionResult]::new('--lint', '--lint', [CompletionResultType]::ParameterName, 'Look for rules that are valid and still not what was meant; exit code 1 if there are some. With PATHs they are held against the data, too')
            [CompletionResult]::new('--checks', '--checks', [CompletionResultType]::ParameterName, 'Only tell what each check of --lint is for, with examples')
            [CompletionResult]::new('--unused', '--unused', [CompletionResultType]::ParameterName, 'With --lint: metrics of the data that no rule uses')
            [CompletionResult]::new('--ignore-unknown-fields', '--ignore-unknown-fields', [CompletionResultType]::ParameterName, 'Unknown fields in rule files and tests are no error')
            [CompletionResult]::new('--enable-experimental', '--enable-experimental', [CompletionResultType]::ParameterName, 'Allow experimental functions and modifiers of PromQL')
            [CompletionResult]::new('--show-routes', '--show-routes', [CompletionResultType]::ParameterName, 'Only show Alertmanager''s routes as a tree; with --routes-for those that alerts with these labels go to')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;investigate' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Rules whose alerts are replayed over the same files: which would have fired, and when (repeatable)')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Rules whose alerts are replayed over the same files: which would have fired, and when (repeatable)')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Write the page to hand over into this file, too: pictures, requests, evidence; it opens offline')
            [CompletionResult]::new('--markdown', '--markdown', [CompletionResultType]::ParameterName, 'Write the same for tickets and post-mortems into this file, too')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit code 1 if this is the verdict, or a worse one: failing, trouble')
            [CompletionResult]::new('--signatures', '--signatures', [CompletionResultType]::ParameterName, 'Look for what the rules of this file or folder say, too (CRE rules; may be given more than once)')
            [CompletionResult]::new('--success', '--success', [CompletionResultType]::ParameterName, 'What a successful request is, such as ''status < 400'' (default: `success` of the configuration; else a status below 500, or a word of success, else no entry of level error or worse)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Compare with this time, instead of with the calm part that is found: 02:30..03:00, start..start+20m')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('--why', '--why', [CompletionResultType]::ParameterName, 'Show for each cause the reasons for and against it, with their weights in log odds')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;fields' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Entries of this level or worse')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Entries for which this holds, such as ''status >= 500 and duration > 1s'' (repeatable; all must hold)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Entries from this time on: 2023-12-24T03:06:00Z, 03:06, -2h, start+10m, end-5m')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Entries before this time')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;formats' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Every format of logs and metrics that is recognised')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'For each file: the formats tried, how many of the sampled lines each understood, and where it stopped')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Try the formats of obs.yaml on their samples')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Turn an lnav format file into formats for obs.yaml, on standard output')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'obs;formats;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration that describes formats (default: as for every command)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;formats;explain' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every file as this format, of logs or metrics (default: detect it for each file and entry)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of times that have no offset, such as Europe/Berlin')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Let fields play a role, such as --map request_id=order,orderNo (repeatable)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Give recorded series a label that they do not have, such as --label job=node or, for some files, --label ''job=node:node*.prom'' (repeatable)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration: formats, zones of files, metrics (default: ./obs.yaml, then obs/obs.yaml in the user''s configuration directory)')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Number of threads (default: one per core)')
            [CompletionResult]::new('--chunk', '--chunk', [CompletionResultType]::ParameterName, 'Bytes of a chunk; the answer does not depend on it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'The time that counts as now')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow symbolic links inside directories')
            [CompletionResult]::new('--no-mmap', '--no-mmap', [CompletionResultType]::ParameterName, 'Read files instead of mapping them into memory')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Lines that no format understands, and files that cannot be read, are errors')
            [CompletionResult]::new('--unparsed', '--unparsed', [CompletionResultType]::ParameterName, 'Show the lines that no format understands, on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;formats;test' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Progress on stderr: auto means on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell what was read of each file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace ids, addresses, mails and tokens, each by the same name wherever it stands')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'obs;formats;import' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'obs;formats;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Every format of logs and metrics that is recognised')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'For each file: the formats tried, how many of the sampled lines each understood, and where it stopped')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Try the formats of obs.yaml on their samples')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Turn an lnav format file into formats for obs.yaml, on standard output')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'obs;formats;help;list' {
            break
        }
        'obs;formats;help;explain' {
            break
        }
        'obs;formats;help;test' {
            break
        }
        'obs;formats;help;import' {
            break
        }
        'obs;formats;help;help' {
            break
        }
        'obs;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'obs;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'obs;help' {
            [CompletionResult]::new('correlate', 'correlate', [CompletionResultType]::ParameterValue, 'Join entries by request id: every request with its duration and outcome, or one as a waterfall')
            [CompletionResult]::new('grep', 'grep', [CompletionResultType]::ParameterValue, 'Find entries (whole ones, stack traces included) that match a pattern and a condition')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count entries and requests, their success and their durations, in groups and over time')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'Group entries by what they say apart from their values: counts, first and last seen, examples')
            [CompletionResult]::new('detect', 'detect', [CompletionResultType]::ParameterValue, 'Find known failures, bursts and changes, with windows and evidence')
            [CompletionResult]::new('query', 'query', [CompletionResultType]::ParameterValue, 'Ask with PromQL: over recorded metrics, and over metrics derived from logs')
            [CompletionResult]::new('check-rules', 'check-rules', [CompletionResultType]::ParameterValue, 'Replay alerting rules over recorded metrics and logs; check and test rule files')
            [CompletionResult]::new('investigate', 'investigate', [CompletionResultType]::ParameterValue, 'Say what failed, since when, how badly, for whom and why, without being asked')
            [CompletionResult]::new('fields', 'fields', [CompletionResultType]::ParameterValue, 'List the fields of the entries: their types, roles and values, and in how many entries they are')
            [CompletionResult]::new('formats', 'formats', [CompletionResultType]::ParameterValue, 'List formats of logs and metrics, explain how files were understood, test and import formats of one''s own')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, of obs or of one of its commands')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'obs;help;correlate' {
            break
        }
        'obs;help;grep' {
            break
        }
        'obs;help;stats' {
            break
        }
        'obs;help;templates' {
            break
        }
        'obs;help;detect' {
            break
        }
        'obs;help;query' {
            break
        }
        'obs;help;check-rules' {
            break
        }
        'obs;help;investigate' {
            break
        }
        'obs;help;fields' {
            break
        }
        'obs;help;formats' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Every format of logs and metrics that is recognised')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'For each file: the formats tried, how many of the sampled lines each understood, and where it stopped')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Try the formats of obs.yaml on their samples')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Turn an lnav format file into formats for obs.yaml, on standard output')
            break
        }
        'obs;help;formats;list' {
            break
        }
        'obs;help;formats;explain' {
            break
        }
        'obs;help;formats;test' {
            break
        }
        'obs;help;formats;import' {
            break
        }
        'obs;help;completions' {
            break
        }
        'obs;help;man' {
            break
        }
        'obs;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
