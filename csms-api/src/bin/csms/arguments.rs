//! The command line, made from the table of commands and what is written by hand.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command, value_parser};
use csms_api::OPERATIONS;
use csms_api::command::{COMMANDS, Command as Entry, Kind, Parameter, Place};
use serde_json::{Number, Value};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the service said no, 2 usage, 3 credentials, \
     4 network.";

/// The whole command line.
pub fn command() -> Command {
    Command::new("csms")
        .bin_name("csms")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Secrets of Huawei Cloud CSMS")
        .after_help(EXIT_CODES)
        .after_long_help(format!(
            "Region, project and credentials are taken from the variables HUAWEICLOUD_SDK_REGION, \
             _PROJECT_ID, _AK, _SK and _SECURITY_TOKEN, then from ~/.huaweicloud/credentials, \
             then from the metadata of the instance.\n\n{EXIT_CODES}"
        ))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .args(globals())
        .subcommands(by_hand())
        .subcommands(groups())
}

fn globals() -> Vec<Arg> {
    let flag = |name: &'static str| {
        Arg::new(name)
            .long(name)
            .global(true)
            .help_heading("Global options")
    };
    vec![
        flag("region")
            .value_name("REGION")
            .help("Region, such as cn-north-4 [variable: HUAWEICLOUD_SDK_REGION]"),
        flag("project-id")
            .value_name("ID")
            .help("Project [variable: HUAWEICLOUD_SDK_PROJECT_ID; looked up if left out]"),
        flag("endpoint")
            .value_name("URL")
            .help("Endpoint to call instead of the region's"),
        flag("profile")
            .value_name("SECTION")
            .help("Section of the profile file to sign in with, and no other credentials"),
        flag("output")
            .value_name("FORMAT")
            .value_parser(["table", "json"])
            .help("How to print [default: table on a terminal, else json]"),
        flag("verbose")
            .short('v')
            .action(ArgAction::SetTrue)
            .help("Tell of each call on standard error; never shows a secret"),
    ]
}

/// The commands that are more than one operation.
fn by_hand() -> Vec<Command> {
    vec![
        get(),
        backup(),
        restore(),
        run(),
        doctor(),
        mock(),
        completions(),
        man(),
    ]
}

fn get() -> Command {
    Command::new("get")
        .about("Prints the value of a secret, and nothing else")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help("Name of the secret"),
        )
        .arg(
            Arg::new("version")
                .long("version")
                .value_name("VERSION")
                .default_value("latest")
                .help("Which version"),
        )
        .arg(
            Arg::new("field")
                .long("field")
                .value_name("KEY")
                .help("Print this key of a value that is a JSON object"),
        )
}

fn backup() -> Command {
    Command::new("backup")
        .about("Backs up secrets, each as a file that only its owner can read")
        .long_about(
            "Backs up secrets, each as a file that only its owner can read.\n\nmanifest.json lists \
             what is there. If a run was broken off, the same command goes on: what that run has \
             backed up, and has the same update time since, is not read again.",
        )
        .arg(
            Arg::new("names")
                .value_name("NAME")
                .num_args(1..)
                .required_unless_present("all")
                .help("Names of the secrets"),
        )
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .conflicts_with("names")
                .help("All secrets of the project"),
        )
        .arg(
            Arg::new("folder")
                .short('o')
                .long("output-folder")
                .value_name("DIR")
                .default_value(".")
                .value_parser(value_parser!(PathBuf))
                .help("Where the files go"),
        )
}

fn restore() -> Command {
    Command::new("restore")
        .about("Restores secrets from the files of a backup")
        .arg(
            Arg::new("files")
                .value_name("FILE")
                .num_args(1..)
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Files that `csms backup` has written"),
        )
}

fn run() -> Command {
    Command::new("run")
        .about("Runs a program with the values of secrets in its environment")
        .long_about(
            "Runs a program with the values of secrets in its environment, and nowhere else.\n\nA \
             value that is a JSON object becomes a variable for each key: text as it is, anything \
             else as JSON, null not at all. Any other value needs --as.\n\nThe exit status is that \
             of the program, or 127 if there is no such program and 126 if it can't be run.",
        )
        .arg(
            Arg::new("secret")
                .long("secret")
                .value_name("NAME")
                .required(true)
                .action(ArgAction::Append)
                .help("Name of a secret [may be repeated]"),
        )
        .arg(
            Arg::new("prefix")
                .long("prefix")
                .value_name("PREFIX")
                .help("What the names of variables begin with"),
        )
        .arg(
            Arg::new("as")
                .long("as")
                .value_name("VAR")
                .help("The variable for the whole value"),
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .num_args(1..)
                .last(true)
                .required(true)
                .value_parser(value_parser!(OsString))
                .help("The program and its arguments"),
        )
}

fn doctor() -> Command {
    Command::new("doctor")
        .about("Checks settings, credentials, connection and clock; never shows a secret")
}

fn mock() -> Command {
    Command::new("mock")
        .about("Serves a CSMS in memory, and prints how to call it")
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDRESS")
                .default_value("127.0.0.1:0")
                .value_parser(value_parser!(SocketAddr))
                .help("Address and port; the port 0 is a free one"),
        )
}

fn completions() -> Command {
    Command::new("completions")
        .about("Prints a script that completes commands in a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(["bash", "zsh", "fish"]),
        )
}

fn man() -> Command {
    Command::new("man")
        .about("Prints the manual page of a command")
        .arg(
            Arg::new("words")
                .value_name("WORD")
                .num_args(0..)
                .help("The command, such as `secret create`"),
        )
}

/// The commands of all operations, grouped by their words.
fn groups() -> Vec<Command> {
    let entries: Vec<_> = COMMANDS
        .iter()
        .map(|entry| (entry.operation.command, entry))
        .collect();
    grouped(&entries)
}

type Named<'a> = (&'a [&'static str], &'static Entry);

fn grouped(entries: &[Named<'_>]) -> Vec<Command> {
    let mut names: Vec<&'static str> = entries
        .iter()
        .filter_map(|(words, _)| words.first().copied())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let within: Vec<Named<'_>> = entries
                .iter()
                .filter_map(|(words, entry)| {
                    let (first, rest) = words.split_first()?;
                    (*first == name).then_some((rest, *entry))
                })
                .collect();
            match within.as_slice() {
                [([], entry)] => leaf(name, entry),
                within => group(name, grouped(within)),
            }
        })
        .collect()
}

fn group(name: &'static str, commands: Vec<Command>) -> Command {
    let names: Vec<&str> = commands.iter().map(Command::get_name).collect();
    let about = format!("Commands: {}", names.join(", "));
    Command::new(name)
        .about(about)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(commands)
}

fn leaf(name: &'static str, entry: &'static Entry) -> Command {
    let summary = entry.operation.summary.trim_end_matches('.');
    let mut about = format!("{}\n\n{}", entry.operation.summary, entry.description);
    if let (Some(position), Some(size)) = (entry.position(), entry.size()) {
        about.push_str(&format!(
            "\n\nAll pages are read, unless --{} or --{} asks for one.",
            position.flag, size.flag
        ));
    }
    let body_flags = entry.parameters.iter().filter(|p| p.place == Place::Body);
    let json_body = Arg::new("json-body")
        .long("json-body")
        .value_name("FILE|-")
        .value_parser(value_parser!(PathBuf))
        .help("JSON object to send; flags win over its fields");
    Command::new(name)
        .about(summary)
        .long_about(with_commands(about.trim_end()))
        .args(entry.parameters.iter().filter_map(parameter))
        .args((body_flags.count() > 0 || entry.has_body).then_some(json_body))
        .args(entry.has_answer.then(|| {
            Arg::new("show-secrets")
                .long("show-secrets")
                .action(ArgAction::SetTrue)
                .help("Print secret fields as they are, with --output json")
        }))
}

/// An argument; none for what has one value only.
fn parameter(parameter: &'static Parameter) -> Option<Arg> {
    let argument = Arg::new(parameter.flag).help(help(parameter));
    if parameter.place == Place::Path {
        let argument = argument
            .value_name(value_name(parameter))
            .required(true)
            .value_parser(parser(parameter.kind));
        return parameter.default.is_none().then_some(argument);
    }
    if parameter.is_secret {
        let argument = argument
            .long(file_flag(parameter))
            .value_name("FILE|-")
            .value_parser(value_parser!(PathBuf));
        return Some(argument);
    }
    let argument = argument
        .long(parameter.flag)
        .value_name(value_name(parameter))
        .value_parser(parser(parameter.kind))
        .allow_negative_numbers(true)
        .action(if parameter.is_list {
            ArgAction::Append
        } else {
            ArgAction::Set
        });
    let is_required = is_needed(parameter);
    Some(match parameter.place {
        Place::Body if is_required => argument.required_unless_present("json-body"),
        _ => argument.required(is_required),
    })
}

fn is_needed(parameter: &Parameter) -> bool {
    parameter.is_required && parameter.default.is_none() && parameter.place != Place::Path
}

/// The flag that takes a file with a secret.
pub fn file_flag(parameter: &Parameter) -> String {
    format!("{}-file", parameter.flag)
}

fn help(parameter: &Parameter) -> String {
    let mut help = with_commands(parameter.help);
    let unsaid: Vec<&str> = parameter
        .values
        .iter()
        .copied()
        .filter(|value| !help.contains(value))
        .collect();
    if !unsaid.is_empty() {
        help.push_str(&format!(" [known: {}]", unsaid.join(", ")));
    }
    match (parameter.is_secret, parameter.is_list, parameter.kind) {
        (false, false, _) => {}
        (false, true, _) => help.push_str(" [may be repeated]"),
        (true, false, Kind::Text) => help.push_str(
            " [a line break at the end of the file is left out; - is standard input, from a \
             terminal without echo]",
        ),
        (true, _, _) => help.push_str(" [JSON; - is standard input]"),
    }
    if is_needed(parameter) {
        help.push_str(" [required]");
    }
    help
}

fn value_name(parameter: &Parameter) -> String {
    match parameter.kind {
        Kind::Json => "JSON".to_owned(),
        Kind::Boolean => "true|false".to_owned(),
        _ => parameter.flag.to_uppercase().replace('-', "_"),
    }
}

/// Documentation speaks of operations; here they are commands.
fn with_commands(text: &str) -> String {
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| {
            let id = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let operation = OPERATIONS.iter().find(|operation| operation.id == id);
            match (operation, word.strip_prefix(id)) {
                (Some(operation), Some(rest)) => {
                    format!("`csms {}`{rest}", operation.command.join(" "))
                }
                _ => word.to_owned(),
            }
        })
        .collect()
}

/// Every value is JSON, as it is in the body.
fn parser(kind: Kind) -> ValueParser {
    type Parse = fn(&str) -> Result<Value, String>;
    let parse: Parse = match kind {
        Kind::Text => |text| Ok(Value::from(text)),
        Kind::Integer => |text| {
            let number = text.parse::<i64>().map(Value::from);
            number.map_err(|_| "expected a whole number".to_owned())
        },
        Kind::Number => |text| {
            let number = text.parse::<Number>().map(Value::Number);
            number.map_err(|_| "expected a number".to_owned())
        },
        Kind::Boolean => |text| {
            let boolean = text.parse::<bool>().map(Value::from);
            boolean.map_err(|_| "expected true or false".to_owned())
        },
        Kind::Json => |text| {
            let value = serde_json::from_str(text);
            value.map_err(|error| format!("not JSON: {error}"))
        },
    };
    ValueParser::new(parse)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
