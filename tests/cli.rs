//! The command as a process, over the service in memory.

#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/backup.rs"]
mod backup;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/get.rs"]
mod get;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/process.rs"]
mod process;
#[path = "cli/run.rs"]
mod run;
#[cfg(unix)]
#[path = "cli/terminal.rs"]
mod terminal;
