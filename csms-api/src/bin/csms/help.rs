//! `csms completions` and `csms man`.

use clap::{ArgMatches, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::arguments;
use crate::failure::Failure;
use crate::output;

pub fn completions(matches: &ArgMatches) -> Result<(), Failure> {
    let shell = match matches.get_one::<String>("shell").map(String::as_str) {
        Some("zsh") => Shell::Zsh,
        Some("fish") => Shell::Fish,
        _ => Shell::Bash,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut arguments::command(), "csms", &mut script);
    output::write(&script)?;
    Ok(())
}

/// The page of the command that the words name.
pub fn man(matches: &ArgMatches) -> Result<(), Failure> {
    let mut command = arguments::command();
    command.build();
    let words = matches.get_many::<String>("words").into_iter().flatten();
    let mut page = Vec::new();
    Man::new(named(&command, words)?.clone()).render(&mut page)?;
    output::write(&page)?;
    Ok(())
}

fn named<'a>(
    command: &'a Command,
    mut words: impl Iterator<Item = &'a String>,
) -> Result<&'a Command, Failure> {
    words.try_fold(command, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("{} has no command {word}", command.get_name()))
                .with_hint("`csms --help` lists the commands")
        })
    })
}
