//! The only door to a collection: what one organization has in it.
//!
//! A [`ScopedCollection`] puts the organization into every filter, every inserted document and the first stage
//! of every pipeline, and never hands out the driver's collection. It can be read anywhere and written within a
//! transaction only, so that no change escapes the activity log.

mod query;
mod read;
mod search;
mod write;

use bson::{Document, RawDocumentBuf};
use convene_application::caller::TenantScope;
use mongodb::{ClientSession, Collection};

pub(crate) use self::{query::Query, search::contains, write::UpdateStatement};
use crate::schema::CollectionSchema;

/// In which way a collection is reached.
pub(crate) trait Execution: Send {
    /// The session of the transaction, if there is one.
    fn session(&mut self) -> Option<&mut ClientSession>;
}

/// Outside any transaction: what is read is committed by a majority.
pub(crate) struct Outside;

/// Within a transaction: what is read is its snapshot.
pub(crate) struct Within<'transaction>(pub(crate) &'transaction mut ClientSession);

impl Execution for Outside {
    fn session(&mut self) -> Option<&mut ClientSession> {
        None
    }
}

impl Execution for Within<'_> {
    fn session(&mut self) -> Option<&mut ClientSession> {
        Some(self.0)
    }
}

/// What one organization has in a collection.
pub(crate) struct ScopedCollection<E> {
    database: mongodb::Database,
    collection: Collection<RawDocumentBuf>,
    schema: &'static CollectionSchema,
    organization: String,
    execution: E,
}

impl<E: Execution> ScopedCollection<E> {
    /// What the scope's organization has in the collection.
    pub(crate) fn new(
        database: &mongodb::Database,
        schema: &'static CollectionSchema,
        scope: &TenantScope,
        execution: E,
    ) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the door that all others go through")]
        let collection = database.collection(schema.name);
        let organization = scope.organization().to_string();
        Self { database: database.clone(), collection, schema, organization, execution }
    }

    /// The filter, narrowed to the organization; the organization comes first, as in every index.
    fn within_scope(&self, mut filter: Document) -> Document {
        let field = self.schema.scope.field();
        let mut scoped = Document::new();
        scoped.insert(field, self.organization.as_str());
        // A filter's own idea of the organization is narrowed too, never trusted.
        if let Some(asked) = filter.remove(field) {
            scoped.insert("$and", vec![bson::doc! { field: asked }]);
        }
        scoped.extend(filter);
        scoped
    }

    /// The document, marked as the organization's.
    fn marked(&self, mut document: Document) -> Document {
        document.insert(self.schema.scope.field(), self.organization.as_str());
        document
    }
}
