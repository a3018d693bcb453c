//! The service in memory behaves as the documentation says, and every answer is as the spec has it.

#[path = "service/authentication.rs"]
mod authentication;
#[path = "service/backups.rs"]
mod backups;
#[path = "service/bodies.rs"]
mod bodies;
#[path = "service/deletion.rs"]
mod deletion;
#[path = "service/events.rs"]
mod events;
#[path = "service/hostile.rs"]
mod hostile;
#[path = "service/lifetime.rs"]
mod lifetime;
#[path = "service/operations.rs"]
mod operations;
#[path = "service/others.rs"]
mod others;
#[path = "service/paging.rs"]
mod paging;
#[path = "service/secrets.rs"]
mod secrets;
#[path = "service/stages.rs"]
mod stages;
#[path = "service/tags.rs"]
mod tags;
#[path = "service/typed.rs"]
mod typed;
#[path = "service/versions.rs"]
mod versions;
