//! The command of the crate: every operation as a subcommand, and what people do by hand.

mod arguments;
mod backup;
mod call;
mod doctor;
mod failure;
mod get;
mod help;
mod input;
mod interrupt;
mod manifest;
mod mock;
mod output;
mod restore;
mod run;
mod settings;

use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;

use clap::{ArgMatches, ColorChoice};

use crate::call::Session;
use crate::failure::Failure;
use crate::settings::Settings;

fn main() -> ExitCode {
    let matches = match arguments::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return answered_by_clap(error),
    };
    match Settings::of(&matches).and_then(|settings| start(&matches, &settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Help, the version, or what is wrong with the command line.
fn answered_by_clap(error: clap::Error) -> ExitCode {
    let is_fault = error.use_stderr();
    let is_terminal = if is_fault {
        stderr().is_terminal()
    } else {
        stdout().is_terminal()
    };
    // Left to itself, clap follows more variables than the other messages do.
    let colours = if output::has_colours(is_terminal) {
        ColorChoice::Always
    } else {
        ColorChoice::Never
    };
    let error = error.with_cmd(&arguments::command().color(colours));
    // Nobody is left to be told that it can't be printed.
    drop(error.print());
    ExitCode::from(if is_fault { failure::USAGE } else { 0 })
}

fn start(matches: &ArgMatches, settings: &Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::usage(format!("the runtime can't be started: {error}"))
                .with_hint("this machine has no thread or file left; end other programs")
        })?;
    runtime.block_on(dispatch(matches, settings))
}

async fn dispatch(matches: &ArgMatches, settings: &Settings) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("get", matches)) => get::run(&Session::of(settings)?, matches).await,
        Some(("backup", matches)) => backup::run(&Session::of(settings)?, matches).await,
        Some(("restore", matches)) => restore::run(&Session::of(settings)?, matches).await,
        Some(("run", matches)) => run::run(&Session::of(settings)?, matches).await,
        Some(("doctor", _)) => doctor::run(settings).await,
        Some(("mock", matches)) => mock::run(settings.format, matches).await,
        Some(("completions", matches)) => help::completions(matches),
        Some(("man", matches)) => help::man(matches),
        _ => call::run(settings, matches).await,
    }
}
