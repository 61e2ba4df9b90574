use bson::{Document, doc};
use convene_application::{
    failure::Fault,
    limits::SEARCHED_ORGANIZATIONS,
    page::{BoundedPage, Page, PageRequest},
    ports::OrganizationFilter,
};
use convene_domain::{id::OrganizationId, organization::Organization, time::Instant};
use serde::Deserialize;

use crate::{
    database::Database,
    documents::{convert::date, ids::read_id, organization::OrganizationDocument, read_all},
    error::StorageError,
    schema,
    scoped::{Sorting, both},
    unscoped::find_some,
};

/// The number of organizations whose deletion one call finds.
const MAX_DELETED: i64 = 1_000;

/// Finds organizations that were deleted at this time or later.
pub(super) async fn deleted_since(database: &Database, since: Instant) -> Result<Vec<OrganizationId>, Fault> {
    #[derive(Deserialize)]
    struct Deleted {
        #[serde(rename = "_id", deserialize_with = "read_id")]
        id: OrganizationId,
    }
    let filter = doc! { "deletedAt": { "$gte": date(since) } };
    let latest_first = doc! { "deletedAt": -1 };
    let found: Vec<Deleted> =
        find_some(database, &schema::ORGANIZATIONS, filter, latest_first, MAX_DELETED).await?;
    Ok(found.into_iter().map(|Deleted { id }| id).collect())
}

/// Lists the organizations of the platform.
pub(super) async fn list(
    database: &Database,
    filter: &OrganizationFilter,
    page: &PageRequest<OrganizationId>,
) -> Result<BoundedPage<Organization, OrganizationId>, Fault> {
    let sorting = Sorting::of(page, &["_id"]);
    let from = page.from.map(|id| sorting.beyond(&[id.to_string().into()]));
    let from = both(doc! { "deletedAt": null }, from);
    if filter.search.is_none() {
        let found = find(database, from, sorting.sort(), page.size.get() + 1).await?;
        return Ok(Page::from_probe(found, page).into());
    }
    // Names are short, so a search reads the organizations and folds their names.
    let mut found = find(database, from, sorting.sort(), SEARCHED_ORGANIZATIONS + 1).await?;
    let is_end = found.len() <= SEARCHED_ORGANIZATIONS;
    found.truncate(SEARCHED_ORGANIZATIONS);
    let examined = found.last().map(|organization| organization.id).filter(|_| !is_end);
    found.retain(|organization| filter.matches(organization));
    Ok(BoundedPage::from_probe(found, page, examined))
}

async fn find(
    database: &Database,
    filter: Document,
    sort: Document,
    limit: usize,
) -> Result<Vec<Organization>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found: Vec<OrganizationDocument> =
        find_some(database, &schema::ORGANIZATIONS, filter, sort, limit).await?;
    Ok(read_all(found).map_err(StorageError::from)?)
}
