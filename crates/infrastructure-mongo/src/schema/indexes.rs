//! Builders of index definitions.

use std::time::Duration;

use bson::Document;
use mongodb::{IndexModel, options::IndexOptions};

pub(super) fn index(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
}

/// Makes an index of the documents that pass the filter.
pub(super) fn partial(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}

pub(super) fn unique(name: &str, keys: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(true).build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// Makes a unique index of the documents that pass the filter.
pub(super) fn unique_among(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options =
        IndexOptions::builder().name(name.to_owned()).unique(true).partial_filter_expression(filter);
    IndexModel::builder().keys(keys).options(options.build()).build()
}

/// Makes an index that deletes documents some time after the date in its field.
pub(super) fn expiring(name: &str, keys: Document, after: Duration) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).expire_after(after).build();
    IndexModel::builder().keys(keys).options(options).build()
}
