//! The command as a process, over the service in memory.

mod answers;
mod backup;
mod doctor;
mod get;
mod help;
mod hints;
mod process;
mod run;
mod table;
#[cfg(unix)]
mod terminal;
