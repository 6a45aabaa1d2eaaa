use super::*;

fn storage() -> Parser {
    let config = || Arg::value(&["--config", "-c"]).required().help("The Kafka configuration file to use.");
    let format = Parser::new("kafka-storage")
        .arg(config())
        .arg(Arg::value(&["--cluster-id", "-t"]).required())
        .arg(Arg::append(&["--add-scram", "-S"]))
        .arg(Arg::switch(&["--ignore-formatted", "-g"]).help(
            "When this option is passed, the format command will skip over already formatted directories rather than failing.",
        ))
        .arg(Arg::value(&["--release-version", "-r"]))
        .arg(Arg::append(&["--feature", "-f"]))
        .group(
            Group::one_of(),
            [
                Arg::switch(&["--standalone", "-s"]),
                Arg::switch(&["--no-initial-controllers", "-N"]),
                Arg::value(&["--initial-controllers", "-I"]),
            ],
        );
    Parser::new("kafka-storage")
        .description("The Kafka storage tool.")
        .from_file()
        .command(
            "info",
            "Get information about the Kafka log directories on this node.",
            Parser::new("kafka-storage").arg(config()),
        )
        .command("format", "Format the Kafka log directories on this node.", format)
        .command("version-mapping", "", Parser::new("kafka-storage"))
        .command("feature-dependencies", "", Parser::new("kafka-storage"))
        .command("random-uuid", "Print a random UUID.", Parser::new("kafka-storage"))
}

fn perf() -> Parser {
    let of = "PROP-NAME=PROP-VALUE";
    Parser::new("kafka-producer-perf-test")
        .default_help()
        .arg(Arg::value(&["--bootstrap-server"]).metavar("BOOTSTRAP-SERVER"))
        .arg(Arg::value(&["--topic"]).required())
        .arg(Arg::value(&["--num-records"]).metavar("NUM-RECORDS").required().long())
        .arg(Arg::value(&["--payload-delimiter"]).metavar("PAYLOAD-DELIMITER").or("\\n"))
        .arg(Arg::value(&["--throughput"]).required().double())
        .arg(Arg::some(&["--producer-props"]).metavar(of))
        .arg(Arg::switch(&["--print-metrics"]).help("Print out metrics at the end of the test."))
        .group(
            Group::one_of().required().described(
                "Note that you must provide exactly one of --record-size, --payload-file or --payload-monotonic.",
            ),
            [
                Arg::value(&["--record-size"]).metavar("RECORD-SIZE").integer(),
                Arg::value(&["--payload-file"]).metavar("PAYLOAD-FILE"),
                Arg::switch(&["--payload-monotonic"]),
            ],
        )
}

fn read(parser: &Parser, line: &str) -> Result<Parsed, Stop> {
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    parser.parse(&args)
}

/// What stands behind the usage.
fn fault(parser: &Parser, line: &str) -> String {
    match read(parser, line) {
        Err(Stop::Usage(text)) => {
            let at = text.find(&format!("{}: ", parser.prog)).and_then(|_| text.find("error:")).expect("an error line");
            text[text[..at].rfind('\n').expect("a usage") + 1..].to_owned()
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn help(parser: &Parser, line: &str) -> String {
    match read(parser, line) {
        Err(Stop::Help(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

const FORMAT_USAGE: &str = "\
usage: kafka-storage format [-h] --config CONFIG --cluster-id CLUSTER_ID
                     [--add-scram ADD_SCRAM] [--ignore-formatted]
                     [--release-version RELEASE_VERSION]
                     [--feature FEATURE] [--standalone |
                     --no-initial-controllers |
                     --initial-controllers INITIAL_CONTROLLERS]
";

#[test]
fn values_follow_or_stand_in_the_word_and_names_may_be_cut_short() {
    let parsed = read(&storage(), "format -gs -t abc --conf=x -S a --add-scram b").unwrap();
    assert_eq!(
        (parsed.command, parsed.value("cluster_id"), parsed.value("config")),
        (Some("format"), Some("abc"), Some("x"))
    );
    assert!(parsed.has("ignore_formatted") && parsed.has("standalone") && !parsed.has("no_initial_controllers"));
    assert_eq!((parsed.values("add_scram"), parsed.value("feature")), (&["a".to_owned(), "b".to_owned()][..], None));
    let parsed = read(&storage(), "info -cfile").unwrap();
    assert_eq!((parsed.command, parsed.value("config")), (Some("info"), Some("file")));
    assert_eq!(read(&storage(), "rand").unwrap().command, Some("random-uuid"));
    let parsed =
        read(&perf(), "--topic t --num-records 7 --throughput -1 --producer-props a=1 b=2 --record-size 1").unwrap();
    assert_eq!(parsed.values("producer_props"), ["a=1", "b=2"]);
    assert_eq!((parsed.number::<f64>("throughput"), parsed.number("num_records")), (Some(-1.0), Some(7_i64)));
    assert_eq!((parsed.value("payload_delimiter"), parsed.command), (Some("\\n"), None));
}

#[test]
fn a_usage_is_laid_out_as_the_stock_parser_does() {
    let text = "usage: kafka-storage [-h]\n                     {info,format,version-mapping,feature-dependencies,random-uuid}\n                     ...\nkafka-storage: error: too few arguments\n";
    assert_eq!(read(&storage(), ""), Err(Stop::Usage(text.to_owned())));
    let text = format!("{FORMAT_USAGE}kafka-storage: error: argument --cluster-id/-t is required\n");
    assert_eq!(read(&storage(), "format"), Err(Stop::Usage(text)));
    let Err(Stop::Usage(text)) = read(&perf(), "--topic x") else { panic!("no refusal") };
    let wanted = "\
usage: kafka-producer-perf-test
       [-h] [--bootstrap-server BOOTSTRAP-SERVER] --topic TOPIC
       --num-records NUM-RECORDS [--payload-delimiter PAYLOAD-DELIMITER]
       --throughput THROUGHPUT
       [--producer-props PROP-NAME=PROP-VALUE [PROP-NAME=PROP-VALUE ...]]
       [--print-metrics] (--record-size RECORD-SIZE |
       --payload-file PAYLOAD-FILE | --payload-monotonic)
kafka-producer-perf-test: error: argument --throughput is required
";
    assert_eq!(text, wanted);
}

#[test]
fn faults_are_told_in_the_stock_parser_s_lines() {
    let tool = storage();
    let says = |line: &str| fault(&tool, line);
    assert_eq!(
        says("foo"),
        "kafka-storage: error: invalid choice: 'foo'  (choose from 'info', 'format',\n'version-mapping', 'feature-dependencies', \
         'random-uuid')\n\nDid you mean:\n\tformat\n\tinfo\n"
    );
    assert_eq!(
        says("f"),
        "kafka-storage:  error:   ambiguous   command:   f   could   match  feature-\ndependencies, format\n"
    );
    assert_eq!(says("format -t a"), "kafka-storage: error: argument --config/-c is required\n");
    assert_eq!(says("format --conf x --cl"), "kafka-storage: error: argument --cluster-id/-t: expected one argument\n");
    assert_eq!(
        says("format --standalone --no-initial-controllers"),
        "kafka-storage: error:  argument  --no-initial-controllers/-N:  not  allowed\nwith argument --standalone/-s\n"
    );
    assert_eq!(says("format --bogus"), "kafka-storage: error: unrecognized arguments: '--bogus'\n");
    assert_eq!(
        says("format --cluster-ids"),
        "kafka-storage: error: unrecognized arguments: '--cluster-ids'\n\nDid you mean:\n\t--cluster-id\n"
    );
    assert_eq!(
        says("format --standalone=x"),
        "kafka-storage: error: argument  --standalone/-s:  ignore  implicit argument\n'x'\n"
    );
    assert_eq!(says("info a b"), "kafka-storage: error: unrecognized arguments: 'a b'\n");
    assert_eq!(says("format @/nonexist"), "kafka-storage: error: Could not read arguments from file '/nonexist'\n");
    let tool = perf();
    let says = |line: &str| fault(&tool, line);
    assert_eq!(
        says("--topic x --num-records a"),
        "kafka-producer-perf-test: error: argument --num-records:  could not convert\n'a' to Long (For input string: \"a\")\n"
    );
    assert_eq!(
        says("--topic x --num-records 5 --throughput 5"),
        "kafka-producer-perf-test: error:  one  of  the  arguments  --record-size --\npayload-file --payload-monotonic is required\n"
    );
    assert_eq!(
        says("--producer-props"),
        "kafka-producer-perf-test:  error:  argument  --producer-props:  expected  1\nargument(s)\n"
    );
    assert_eq!(
        says("--payload"),
        "kafka-producer-perf-test: error: ambiguous option: --payload could match --\npayload-delimiter, --payload-file, \
         --payload-monotonic\n"
    );
}

#[test]
fn help_is_laid_out_as_the_stock_parser_does() {
    let text = help(&storage(), "format -h x");
    let wanted = format!(
        "{FORMAT_USAGE}
optional arguments:
  -h, --help             show this help message and exit
  --config CONFIG, -c CONFIG
                         The Kafka configuration file to use.
  --cluster-id CLUSTER_ID, -t CLUSTER_ID
  --add-scram ADD_SCRAM, -S ADD_SCRAM
  --ignore-formatted, -g
                         When this option  is  passed,  the  format command
                         will  skip  over   already  formatted  directories
                         rather than failing.
  --release-version RELEASE_VERSION, -r RELEASE_VERSION
  --feature FEATURE, -f FEATURE
  --standalone, -s
  --no-initial-controllers, -N
  --initial-controllers INITIAL_CONTROLLERS, -I INITIAL_CONTROLLERS
"
    );
    assert_eq!(text, wanted);
    let text = help(&storage(), "--help");
    let wanted = "
The Kafka storage tool.

positional arguments:
  {info,format,version-mapping,feature-dependencies,random-uuid}
    info                 Get information about  the  Kafka  log directories
                         on this node.
    format               Format the Kafka log directories on this node.
";
    assert!(text.contains(wanted), "{text}");
    assert!(
        text.ends_with("\noptional arguments:\n  -h, --help             show this help message and exit\n"),
        "{text}"
    );
    let text = help(&perf(), "-h");
    let wanted = "  --print-metrics        Print  out  metrics  at  the   end  of  the  test.
                         (default: false)

  Note that you must provide  exactly  one of --record-size, --payload-file
  or --payload-monotonic.

  --record-size RECORD-SIZE
  --payload-file PAYLOAD-FILE
  --payload-monotonic    (default: false)
";
    assert!(text.ends_with(wanted), "{text}");
}

#[test]
fn options_of_the_tool_stand_in_the_usage_of_its_commands_where_they_must_come() {
    let quorum = Parser::new("kafka-metadata-quorum")
        .group(
            Group::one_of().required(),
            [Arg::value(&["--bootstrap-server"]), Arg::value(&["--bootstrap-controller"])],
        )
        .arg(Arg::value(&["--command-config"]))
        .command(
            "describe",
            "",
            Parser::new("kafka-metadata-quorum").group(Group::titled("Status"), [Arg::switch(&["--status"])]),
        );
    assert_eq!(
        help(&quorum, "--bootstrap-server x describe -h"),
        "usage: kafka-metadata-quorum (--bootstrap-server BOOTSTRAP_SERVER |
                             --bootstrap-controller BOOTSTRAP_CONTROLLER)
                             describe [-h] [--status]

optional arguments:
  -h, --help             show this help message and exit

Status:
  --status\n"
    );
    assert_eq!(
        fault(&quorum, "describe --status"),
        "kafka-metadata-quorum: error: one  of  the  arguments --bootstrap-server --\nbootstrap-controller is required\n"
    );
}
