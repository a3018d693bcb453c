//! Tags of secrets, and the search for them.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Outcome, Refusal, done, found};
use super::call::Call;
use super::check;
use super::check::{number, tag_key, tag_value};
use super::state::{Secret, State};
use crate::types::{
    ActionResources, BatchCreateOrDeleteTagsRequestBody, CreateSecretTagRequestBody,
    ListProjectSecretsTagsResponseBody, ListResourceByTagsResponse,
    ListResourceInstancesRequestBody, ListSecretTagsResponseBody, ResourceAction, ResourceMatchKey,
    Tag, TagAction, TagItem, TagItemRequest, TagMatches, TagResponse,
};

/// How many tags a secret has, and how many a request or an answer.
const TAG_LIMIT: usize = 20;

/// How many conditions a search has, and how many values a key in the list of a project.
const CONDITION_LIMIT: usize = 10;

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Outcome {
    let CreateSecretTagRequestBody { tag } = call.body()?;
    let secret = state.secret_by_id(call.parameter("secret_id"))?;
    add(secret, &[tag])?;
    done()
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let secret = state.secret_by_id(call.parameter("secret_id"))?;
    match secret.tags.remove(call.parameter("key")) {
        Some(_) => done(),
        None => Err(Refusal::not_found("the secret has no tag with this key")),
    }
}

/// Adds all of some tags, or none; or removes those that are there.
pub(super) fn batch(state: &mut State, call: &Call<'_>) -> Outcome {
    let body: BatchCreateOrDeleteTagsRequestBody = call.body()?;
    check::at_most(36, "sequence", body.sequence.as_deref())?;
    if !(1..=TAG_LIMIT).contains(&body.tags.len()) {
        return Err(Refusal::value("tags has 1 to 20 tags"));
    }
    let keys: BTreeSet<_> = body.tags.iter().map(|tag| &tag.key).collect();
    if keys.len() < body.tags.len() {
        return Err(Refusal::value("tags has a key twice"));
    }
    let secret = state.secret_by_id(call.parameter("secret_id"))?;
    match body.action {
        TagAction::Create => add(secret, &body.tags)?,
        TagAction::Delete => secret.tags.retain(|key, _| !keys.contains(key)),
        TagAction::Unknown(_) => return Err(Refusal::value("action is create or delete")),
    }
    done()
}

fn add(secret: &mut Secret, tags: &[TagItemRequest]) -> Result<(), Refusal> {
    let mut changed = secret.tags.clone();
    for tag in tags {
        let value = tag.value.clone().unwrap_or_default();
        tag_key(&tag.key)?;
        tag_value(&value)?;
        changed.insert(tag.key.clone(), value);
    }
    if changed.len() > TAG_LIMIT {
        return Err(Refusal::value("a secret has at most 20 tags"));
    }
    secret.tags = changed;
    Ok(())
}

pub(super) fn list(state: &mut State, call: &Call<'_>) -> Outcome {
    let secret = state.secret_by_id(call.parameter("secret_id"))?;
    found(&ListSecretTagsResponseBody {
        tags: items(secret),
        sys_tags: None,
    })
}

/// The tags as they are written; the documentation has no empty list of them.
fn items(secret: &Secret) -> Option<Vec<TagItem>> {
    let items = secret.tags.iter().map(|(key, value)| TagItem {
        key: Some(key.clone()),
        value: Some(value.clone()),
    });
    Some(items.collect()).filter(|items: &Vec<_>| !items.is_empty())
}

/// Every key with its values, as far as the documented limits go.
pub(super) fn list_all(state: &mut State, _: &Call<'_>) -> Outcome {
    let mut keys: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for (key, value) in state.secrets.values().flat_map(|secret| &secret.tags) {
        keys.entry(key).or_default().insert(value);
    }
    let tags = keys.into_iter().take(TAG_LIMIT);
    let tags = tags.map(|(key, values)| TagResponse {
        key: Some(key.clone()),
        values: Some(values.into_iter().take(CONDITION_LIMIT).cloned().collect()),
    });
    let tags: Vec<_> = tags.collect();
    found(&ListProjectSecretsTagsResponseBody {
        tags: Some(tags).filter(|tags| !tags.is_empty()),
    })
}

/// Finds or counts.
pub(super) fn search(state: &mut State, call: &Call<'_>) -> Outcome {
    let body: ListResourceInstancesRequestBody = call.body()?;
    check::at_most(36, "sequence", body.sequence.as_deref())?;
    let limit = number("limit", body.limit.as_deref(), 10, 1..=1000)?;
    let offset = number("offset", body.offset.as_deref(), 0, 0..=9999)?;
    let tags = body.tags.unwrap_or_default();
    let matches = body.matches.unwrap_or_default();
    check_conditions(&tags, &matches)?;
    let is_wanted = |secret: &&Secret| {
        tags.iter().all(|tag| has(secret, tag)) && matches.iter().all(|m| is_named(secret, m))
    };
    let found_secrets: Vec<_> = state.secrets.values().filter(is_wanted).collect();
    let total_count = i32::try_from(found_secrets.len()).ok();
    let resources = match body.action {
        ResourceAction::Filter => {
            let page = found_secrets.into_iter().skip(offset).take(limit);
            Some(page.map(resource).collect())
        }
        ResourceAction::Count => None,
        ResourceAction::Unknown(_) => return Err(Refusal::value("action is filter or count")),
    };
    found(&ListResourceByTagsResponse {
        resources,
        total_count,
    })
}

fn check_conditions(tags: &[Tag], matches: &[TagMatches]) -> Result<(), Refusal> {
    if tags.len() > CONDITION_LIMIT || matches.len() > CONDITION_LIMIT {
        return Err(Refusal::value("tags and matches have at most 10 items"));
    }
    for tag in tags {
        let key = tag.key.as_deref().unwrap_or_default();
        if !(1..=128).contains(&key.chars().count()) {
            return Err(Refusal::value("a tag's key has 1 to 128 characters"));
        }
        let values = tag.values.as_deref().unwrap_or_default();
        if values.len() > CONDITION_LIMIT {
            return Err(Refusal::value("a tag has at most 10 values"));
        }
    }
    for condition in matches {
        check::at_most(255, "the value of a match", condition.value.as_deref())?;
        if condition.key != Some(ResourceMatchKey::ResourceName) {
            return Err(Refusal::value("the key of a match is resource_name"));
        }
    }
    Ok(())
}

/// Whether the secret has the key, with one of the values if there are some.
fn has(secret: &Secret, tag: &Tag) -> bool {
    let key = tag.key.as_deref().unwrap_or_default();
    let values = tag.values.as_deref().unwrap_or_default();
    let value = secret.tags.get(key);
    value.is_some_and(|value| values.is_empty() || values.contains(value))
}

/// Whether the text stands in the name. Empty text finds nothing.
fn is_named(secret: &Secret, condition: &TagMatches) -> bool {
    let text = condition.value.as_deref().unwrap_or_default();
    !text.is_empty() && secret.name().contains(text)
}

fn resource(secret: &Secret) -> ActionResources {
    ActionResources {
        resource_id: secret.about.id.clone(),
        resource_detail: Some(secret.about.clone()),
        resource_name: secret.about.name.clone(),
        tags: items(secret),
        sys_tags: None,
    }
}
