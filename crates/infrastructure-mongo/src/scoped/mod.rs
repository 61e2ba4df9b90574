//! Tenant isolation: all access to a collection is limited to one organization.
//!
//! A [`ScopedCollection`] adds the organization to every filter, every inserted document and the first stage of every
//! pipeline, and never exposes the driver's collection. It can be read anywhere, but written within a transaction only, so
//! that no change misses the activity log.

mod across;
mod each;
mod part;
mod query;
mod read;
mod search;
mod sorting;
mod write;

use std::time::Duration;

use bson::{Bson, Document, RawDocumentBuf};
use convene_application::caller::TenantScope;
use futures::{FutureExt, future::BoxFuture};
use mongodb::{ClientSession, Collection};

pub(crate) use self::{
    across::Located,
    each::Key,
    part::Part,
    query::Query,
    search::{Search, SearchResult, stopped_at},
    sorting::{Sorting, both},
    write::UpdateStatement,
};
use crate::{
    command::Access,
    error::StorageError,
    schema::{CollectionSchema, ScopeField},
    session::Session,
};

/// A command, which receives the session, if there is one, and the time limit for the server.
pub(crate) trait Command<T>:
    for<'s> FnOnce(Option<&'s mut ClientSession>, Duration) -> BoxFuture<'s, mongodb::error::Result<T>>
    + Send
    + 'static
{
}

impl<T, C> Command<T> for C where
    C: for<'s> FnOnce(Option<&'s mut ClientSession>, Duration) -> BoxFuture<'s, mongodb::error::Result<T>>
        + Send
        + 'static
{
}

/// The way of access to a collection.
pub(crate) trait Execution: Send {
    /// Runs a command of this name, to its end.
    fn run<'e, T, C>(
        &'e mut self,
        name: &'static str,
        collection: &'static str,
        command: C,
    ) -> BoxFuture<'e, Result<T, StorageError>>
    where
        T: Send + 'static,
        C: Command<T>;
}

/// Access outside a transaction, which reads data that a majority has committed.
pub(crate) struct Outside(pub(crate) Access);

/// Access within a transaction, which reads the transaction's snapshot.
pub(crate) struct Within<'transaction>(pub(crate) &'transaction mut Session);

impl Execution for Outside {
    fn run<'e, T, C>(
        &'e mut self,
        name: &'static str,
        collection: &'static str,
        command: C,
    ) -> BoxFuture<'e, Result<T, StorageError>>
    where
        T: Send + 'static,
        C: Command<T>,
    {
        self.0.run(name, collection, |limit| command(None, limit)).boxed()
    }
}

impl Execution for Within<'_> {
    fn run<'e, T, C>(
        &'e mut self,
        name: &'static str,
        collection: &'static str,
        command: C,
    ) -> BoxFuture<'e, Result<T, StorageError>>
    where
        T: Send + 'static,
        C: Command<T>,
    {
        self.0.run(name, collection, |session, limit| command(Some(session), limit)).boxed()
    }
}

/// One organization's part of a collection.
pub(crate) struct ScopedCollection<E> {
    database: mongodb::Database,
    collection: Collection<RawDocumentBuf>,
    schema: &'static CollectionSchema,
    organization: String,
    execution: E,
}

impl<E: Execution> ScopedCollection<E> {
    pub(crate) fn new(
        database: &mongodb::Database,
        schema: &'static CollectionSchema,
        scope: &TenantScope,
        execution: E,
    ) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this adds the organization to every access")]
        let collection = database.collection(schema.name);
        let organization = scope.organization().to_string();
        Self { database: database.clone(), collection, schema, organization, execution }
    }

    /// Limits the filter to the organization, which comes first, as in every index.
    fn within_scope(&self, filter: Document) -> Document {
        self.within_scope_of(self.schema, filter)
    }

    /// Limits the filter to the organization and to some ranges of an index. MongoDB could scan the whole organization for a
    /// condition that stands beside alternatives, so each of these has all conditions.
    fn within_scope_and_ranges(&self, filter: Document, mut ranges: Vec<Document>) -> Document {
        if ranges.len() < 2 {
            return self.within_scope(both(filter, ranges.pop()));
        }
        let within = |range| self.within_scope(both(filter.clone(), Some(range)));
        bson::doc! { "$or": ranges.into_iter().map(within).collect::<Vec<_>>() }
    }

    fn within_scope_of(&self, schema: &CollectionSchema, mut filter: Document) -> Document {
        let field = schema.scope.field();
        let mut scoped = Document::new();
        scoped.insert(field, self.organization.as_str());
        if schema.scope == ScopeField::Id {
            // What is left of a deleted organization is no organization.
            scoped.insert("deletedAt", Bson::Null);
        }
        // A condition on the organization in the filter itself is kept, but never trusted.
        if let Some(asked) = filter.remove(field) {
            scoped.insert("$and", vec![bson::doc! { field: asked }]);
        }
        scoped.extend(filter);
        scoped
    }

    /// Sets the organization of the document.
    fn marked(&self, mut document: Document) -> Document {
        document.insert(self.schema.scope.field(), self.organization.as_str());
        document
    }
}
