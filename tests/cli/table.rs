//! The table of commands against the spec, and every command against what it sends.

use std::collections::BTreeMap;

use csms_api::command::{COMMANDS, Command, Kind, Parameter, Place, SECRETS};
use csms_gen::lint::SENSITIVE_STRINGS;
use csms_gen::spec::{members, reference_name};
use serde_json::{Map, Value, json};
use tests::chain::{SPEC, operation};
use tests::sample::request_schema;
use tests::scripted::{Act, Scripted};

use crate::process::{Run, bare};

/// What the spec says of an operation's parameters and fields: place, and whether it is required.
fn documented(id: &str) -> BTreeMap<(String, String), bool> {
    let mut found = BTreeMap::new();
    for parameter in SPEC.parameters(&operation(id)) {
        if parameter.name != "project_id" {
            let place = (parameter.location.to_owned(), parameter.name.to_owned());
            found.insert(place, parameter.value["required"] == true);
        }
    }
    let body = request_schema(id).and_then(|schema| SPEC.schema(reference_name(schema)?));
    for (name, _) in members(body.and_then(|body| body.get("properties"))) {
        let required = body.unwrap()["required"].as_array();
        let is_required = required.is_some_and(|names| names.contains(&json!(name)));
        found.insert(("body".to_owned(), name.clone()), is_required);
    }
    found
}

#[test]
fn every_parameter_and_field_of_the_spec_is_in_the_table() {
    assert_eq!(COMMANDS.len(), csms_api::OPERATIONS.len());
    for command in COMMANDS {
        let id = command.operation.id;
        let in_table: BTreeMap<_, _> = command
            .parameters
            .iter()
            .map(|parameter| {
                let place = format!("{:?}", parameter.place).to_lowercase();
                ((place, parameter.name.to_owned()), parameter.is_required)
            })
            .collect();
        assert_eq!(in_table, documented(id), "{id}");
        assert!(
            command.parameters.iter().all(|p| !p.help.is_empty()),
            "{id}"
        );
        assert_eq!(
            command.has_body,
            operation(id).value.get("requestBody").is_some()
        );
    }
}

#[test]
fn every_secret_is_marked() {
    let mut expected = SENSITIVE_STRINGS;
    expected.sort_unstable();
    assert_eq!(SECRETS, expected);
    let marked: Vec<(&str, &str)> = COMMANDS
        .iter()
        .flat_map(|command| command.parameters.iter().map(move |p| (command, p)))
        .filter(|(_, parameter)| parameter.is_secret)
        .map(|(command, parameter)| (command.operation.id, parameter.name))
        .collect();
    assert_eq!(
        marked,
        [
            ("CreateSecret", "secret_binary"),
            ("CreateSecret", "secret_string"),
            ("CreateSecretVersion", "secret_binary"),
            ("CreateSecretVersion", "secret_string"),
            ("UploadSecretBlob", "secret_blob"),
            ("BatchImportSecrets", "secrets"),
            ("CheckSecrets", "data"),
            ("UpdateUserPassword", "old_password"),
            ("UpdateUserPassword", "password"),
        ]
    );
    let whole: Vec<_> = COMMANDS.iter().filter(|c| !c.secrets.is_empty()).collect();
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].secrets, ["data"]);
}

/// What is given for a parameter, and what is to be sent.
fn sample(parameter: &Parameter) -> (String, Value) {
    let name = parameter.name;
    match (parameter.kind, parameter.is_list && parameter.is_secret) {
        (_, true) => (format!(r#"[{{"of":"{name}"}}]"#), json!([{ "of": name }])),
        (Kind::Text, _) => (format!("{name} /é"), json!(format!("{name} /é"))),
        (Kind::Integer, _) => ("-7".to_owned(), json!(-7)),
        (Kind::Number, _) => ("1.5".to_owned(), json!(1.5)),
        (Kind::Boolean, _) => ("false".to_owned(), json!(false)),
        (Kind::Json, _) => (format!(r#"{{"of":"{name}"}}"#), json!({ "of": name })),
    }
}

/// The command line that gives every parameter, and the path, query and body that it is to send.
fn filled(command: &Command, folder: &std::path::Path) -> (Vec<String>, String, Value) {
    let mut arguments: Vec<String> = command
        .operation
        .command
        .iter()
        .map(|w| (*w).into())
        .collect();
    let mut path = command.operation.path.replace("{project_id}", "p");
    let mut query = Vec::new();
    let mut body = Map::new();
    for parameter in command.parameters {
        let (given, sent) = sample(parameter);
        let encoded = |text: &str| {
            text.replace(' ', "%20")
                .replace('/', "%2F")
                .replace('é', "%C3%A9")
        };
        match parameter.place {
            Place::Path if parameter.default.is_some() => {
                path = path.replace(
                    &format!("{{{}}}", parameter.name),
                    parameter.default.unwrap(),
                );
            }
            Place::Path => {
                path = path.replace(&format!("{{{}}}", parameter.name), &encoded(&given));
                arguments.push(given);
            }
            Place::Query => {
                query.push(format!("{}={}", parameter.name, encoded(&given)));
                arguments.extend([format!("--{}", parameter.flag), given]);
            }
            Place::Header => unreachable!("no operation has one"),
            Place::Body if parameter.is_secret => {
                let file = folder.join(parameter.flag);
                std::fs::write(&file, given).unwrap();
                let file = file.to_str().unwrap().to_owned();
                arguments.extend([format!("--{}-file", parameter.flag), file]);
                body.insert(parameter.name.to_owned(), sent);
            }
            Place::Body if parameter.is_list => {
                let flag = format!("--{}", parameter.flag);
                arguments.extend([flag.clone(), given.clone(), flag, given]);
                body.insert(parameter.name.to_owned(), json!([sent, sent]));
            }
            Place::Body => {
                arguments.extend([format!("--{}", parameter.flag), given]);
                body.insert(parameter.name.to_owned(), sent);
            }
        }
    }
    // Signing sorts the query.
    query.sort();
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let body = if command.has_body {
        Value::Object(body)
    } else {
        Value::Null
    };
    (
        arguments,
        format!("{} {path}", command.operation.method),
        body,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_sends_what_it_is_given() {
    let server = Scripted::start(vec![Act::answer(200, "{}")]).await;
    let folder = tempfile::tempdir().unwrap();
    for command in COMMANDS {
        let (arguments, target, body) = filled(command, folder.path());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = bare(&arguments);
        process
            .args(["--endpoint", &server.endpoint(), "--project-id", "p"])
            .env("HUAWEICLOUD_SDK_AK", "AK")
            .env("HUAWEICLOUD_SDK_SK", "s");
        let run = Run::of(&process.output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
        let attempt = server.attempts().pop().unwrap();
        assert_eq!(attempt.target(), target);
        let sent: Value = serde_json::from_slice(&attempt.body).unwrap_or_default();
        assert_eq!(sent, body, "{target}");
    }
}
