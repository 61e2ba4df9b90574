use std::sync::Arc;

use convene_domain::id::OrganizationId;

use super::{Person, scope};
use crate::{
    caller::Operator,
    failure::{Field, Outcome, Refusal},
    ports::{Directory, PersonalData, PersonalRecord},
};

/// The data that an organization has about a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    pub organization: OrganizationId,
    pub record: PersonalRecord,
}

/// Collects the data that an organization has about a person.
pub struct ExportPersonalData {
    directory: Arc<dyn Directory>,
    personal_data: Arc<dyn PersonalData>,
}

impl ExportPersonalData {
    #[must_use]
    pub fn new(directory: Arc<dyn Directory>, personal_data: Arc<dyn PersonalData>) -> Self {
        Self { directory, personal_data }
    }

    /// Collects the data of the person.
    ///
    /// # Errors
    /// Refused with `NotFound` on `org`, and with `NotFound` on `user` for a person about whom nothing is stored. A wrong id must
    /// not look like the proof that there is no data.
    #[tracing::instrument(name = "personal_data.export", skip_all)]
    pub async fn execute(&self, operator: &Operator, person: &Person) -> Outcome<Export> {
        let scope = scope(&*self.directory, operator, person).await?;
        let record = self.personal_data.collect(&scope, &person.user).await?;
        if record == PersonalRecord::default() {
            return Err(Refusal::not_found(Field::User).into());
        }
        Ok(Export { organization: scope.organization(), record })
    }
}
