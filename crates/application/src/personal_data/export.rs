use std::sync::Arc;

use convene_domain::id::OrganizationId;

use super::{Person, scope};
use crate::{
    caller::Operator,
    failure::Outcome,
    ports::{Directory, PersonalData, PersonalRecord},
};

/// What is held about a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// By which organization.
    pub organization: OrganizationId,
    /// What it holds.
    pub record: PersonalRecord,
}

/// Collects everything that an organization holds about a person.
pub struct ExportPersonalData {
    directory: Arc<dyn Directory>,
    personal_data: Arc<dyn PersonalData>,
}

impl ExportPersonalData {
    /// The use case over these ports.
    #[must_use]
    pub fn new(directory: Arc<dyn Directory>, personal_data: Arc<dyn PersonalData>) -> Self {
        Self { directory, personal_data }
    }

    /// Everything that is held about the person; nothing, if the organization never knew them.
    ///
    /// # Errors
    /// Refused with `NotFound` on `org`, or `InvalidInput` on `user` for what names no person.
    #[tracing::instrument(skip_all)]
    pub async fn execute(&self, operator: &Operator, person: &Person) -> Outcome<Export> {
        let scope = scope(&*self.directory, operator, person).await?;
        let record = self.personal_data.collect(&scope, &person.user).await?;
        Ok(Export { organization: scope.organization(), record })
    }
}
