//! What does which operation, and in which form it fails.

use super::answer::{Form, Outcome};
use super::call::Call;
use super::state::State;
use super::{blob, events, passwords, rotation, secrets, stages, strength, tags, versions};

pub(super) type Handler = fn(&mut State, &Call<'_>) -> Outcome;

/// What an operation does; none for one that is not simulated.
pub(super) fn handler(id: &str) -> Option<Handler> {
    Some(match id {
        "BatchCreateOrDeleteTags" => tags::batch,
        "BatchGetSecretValue" => versions::batch,
        "BatchImportSecrets" => secrets::import,
        "CreateSecret" => secrets::create,
        "CreateSecretEvent" => events::create,
        "CreateSecretTag" => tags::create,
        "CreateSecretVersion" => versions::create,
        "DeleteSecret" => secrets::delete,
        "DeleteSecretEvent" => events::delete,
        "DeleteSecretForSchedule" => secrets::schedule_deletion,
        "DeleteSecretStage" => stages::delete,
        "DeleteSecretTag" => tags::delete,
        "DownloadSecretBlob" => blob::download,
        "GenerateRandomPassword" => passwords::generate,
        "ListNotificationRecords" => events::records,
        "ListProjectSecretsTags" => tags::list_all,
        "ListResourceInstances" => tags::search,
        "ListSecretEvents" => events::list,
        "ListSecretTags" => tags::list,
        "ListSecretTask" => rotation::tasks,
        "ListSecretVersions" => versions::list,
        "ListSecrets" => secrets::list,
        "RestoreSecret" => secrets::cancel_deletion,
        "RotateSecret" => rotation::rotate,
        "ShowSecret" => secrets::show,
        "ShowSecretEvent" => events::show,
        "ShowSecretStage" => stages::show,
        "ShowSecretVersion" => versions::show,
        "ShowSecretsConfig" => strength::show,
        "UpdateSecret" => secrets::update,
        "UpdateSecretEvent" => events::update,
        "UpdateSecretStage" => stages::update,
        "UpdateSecretsConfig" => strength::update,
        "UpdateVersion" => versions::update,
        "UploadSecretBlob" => blob::upload,
        _ => return None,
    })
}

/// How an operation's errors are documented.
pub(super) fn form(id: &str) -> Form {
    match id {
        "BatchCreateOrDeleteTags"
        | "CreateSecretEvent"
        | "CreateSecretTag"
        | "DeleteSecretEvent"
        | "DeleteSecretTag"
        | "ListNotificationRecords"
        | "ListProjectSecretsTags"
        | "ListResourceInstances"
        | "ListSecretEvents"
        | "ListSecretTags"
        | "ListUsers"
        | "RotateSecret"
        | "ShowSecretEvent"
        | "UpdateSecretEvent" => Form::Nested,
        _ => Form::Flat,
    }
}
