//! The mutations of the schema.

mod event;
mod issue;
mod member;
mod occurrence;
mod organization;
mod payload;
mod registration;

use juniper::graphql_object;

pub(super) use self::payload::{Payload, settle};
pub use self::{
    event::{
        CancelEventPayload, CreateEventPayload, DeleteEventPayload, DuplicateEventPayload,
        RestoreEventPayload, UpdateEventPayload,
    },
    issue::{CreateIssuePayload, DeleteIssuePayload, UpdateIssuePayload},
    member::{AddMemberPayload, RemoveMemberPayload, UpdateMemberPayload},
    occurrence::{CancelOccurrencePayload, RestoreOccurrencePayload, UpdateOccurrencePayload},
    organization::{
        CreateOrganizationPayload, DeleteOrganizationPayload, ResumeOrganizationPayload,
        SuspendOrganizationPayload, UpdateOrganizationPayload,
    },
    registration::{CancelRegistrationPayload, RegisterForEventPayload, RegisterForOccurrencePayload},
};
use super::{
    context::Context,
    errors::FieldProblem,
    input::{
        AddMemberInput, CancelEventInput, CancelOccurrenceInput, CancelRegistrationInput, CreateEventInput,
        CreateIssueInput, CreateOrganizationInput, DeleteEventInput, DeleteIssueInput,
        DeleteOrganizationInput, DuplicateEventInput, RegisterForEventInput, RegisterForOccurrenceInput,
        RemoveMemberInput, RestoreEventInput, RestoreOccurrenceInput, ResumeOrganizationInput,
        SuspendOrganizationInput, UpdateEventInput, UpdateIssueInput, UpdateMemberInput,
        UpdateOccurrenceInput, UpdateOrganizationInput,
    },
};

/// The mutations. A mutation that the rules refuse returns its payload with `userErrors`, and changes
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct Mutation;

/// The mutations. A mutation that the rules refuse returns its payload with `userErrors`, and changes
/// nothing.
#[graphql_object]
#[graphql(context = Context)]
impl Mutation {
    /// Creates an organization together with its first ADMIN. Only the platform's operator can use it.
    async fn create_organization(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: CreateOrganizationInput,
    ) -> Result<CreateOrganizationPayload, FieldProblem> {
        organization::create(context, &input).await
    }

    /// Suspends an organization: nobody but the platform operator has access any more, and nothing is lost. What was accepted
    /// before is completed. Only the platform's operator can use it.
    async fn suspend_organization(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: SuspendOrganizationInput,
    ) -> Result<SuspendOrganizationPayload, FieldProblem> {
        organization::suspend(context, &input).await
    }

    /// Gives the members of a suspended organization access again. Only the platform's operator can use it.
    async fn resume_organization(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: ResumeOrganizationInput,
    ) -> Result<ResumeOrganizationPayload, FieldProblem> {
        organization::resume(context, &input).await
    }

    /// Deletes a suspended organization with all its data, which cannot be undone. Its slug stays reserved. Platform operator
    /// only.
    async fn delete_organization(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: DeleteOrganizationInput,
    ) -> Result<DeleteOrganizationPayload, FieldProblem> {
        organization::delete(context, &input).await
    }

    /// Changes the caller's organization. Only ADMINs can use it.
    async fn update_organization(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: UpdateOrganizationInput,
    ) -> Result<UpdateOrganizationPayload, FieldProblem> {
        organization::update(context, &input).await
    }

    /// Adds a member. Only ADMINs can use it.
    async fn add_member(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: AddMemberInput,
    ) -> Result<AddMemberPayload, FieldProblem> {
        member::add(context, &input).await
    }

    /// Changes a member. Only ADMINs can use it.
    async fn update_member(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: UpdateMemberInput,
    ) -> Result<UpdateMemberPayload, FieldProblem> {
        member::update(context, &input).await
    }

    /// Removes a member and cancels their registrations. Only ADMINs can use it.
    async fn remove_member(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: RemoveMemberInput,
    ) -> Result<RemoveMemberPayload, FieldProblem> {
        member::remove(context, &input).await
    }

    /// Creates an event. Only ADMINs can use it.
    async fn create_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: CreateEventInput,
    ) -> Result<CreateEventPayload, FieldProblem> {
        event::create(context, &input).await
    }

    /// Changes an event, or a part of its series. Only ADMINs can use it.
    async fn update_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: UpdateEventInput,
    ) -> Result<UpdateEventPayload, FieldProblem> {
        event::update(context, &input).await
    }

    /// Cancels an event, with all registrations for occurrences that have not begun. Only ADMINs can use it.
    async fn cancel_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: CancelEventInput,
    ) -> Result<CancelEventPayload, FieldProblem> {
        event::cancel(context, &input).await
    }

    /// Deletes an event. It is refused while a member holds a seat. Only ADMINs can use it.
    async fn delete_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: DeleteEventInput,
    ) -> Result<DeleteEventPayload, FieldProblem> {
        event::delete(context, &input).await
    }

    /// Changes a single occurrence. Only ADMINs can use it.
    async fn update_occurrence(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: UpdateOccurrenceInput,
    ) -> Result<UpdateOccurrencePayload, FieldProblem> {
        occurrence::update(context, &input).await
    }

    /// Cancels a single occurrence, with all registrations for it. Only ADMINs can use it.
    async fn cancel_occurrence(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: CancelOccurrenceInput,
    ) -> Result<CancelOccurrencePayload, FieldProblem> {
        occurrence::cancel(context, &input).await
    }

    /// Creates a copy of an event, without its registrations and exceptions. The dates of a series move with its start. The
    /// copy takes place, also if the original is cancelled. Only ADMINs can use it.
    async fn duplicate_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: DuplicateEventInput,
    ) -> Result<DuplicateEventPayload, FieldProblem> {
        event::duplicate(context, &input).await
    }

    /// Lets a cancelled event take place again, with the occurrences that were cancelled together with it and have not
    /// begun. The registrations that the cancellation took do not return; the result lists them. Only ADMINs can use it.
    async fn restore_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: RestoreEventInput,
    ) -> Result<RestoreEventPayload, FieldProblem> {
        event::restore(context, &input).await
    }

    /// Gives an occurrence the values of its series again, all or some of them; a cancelled one takes place again.
    /// Registrations follow it; those that its cancellation took do not return. Only ADMINs can use it.
    async fn restore_occurrence(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: RestoreOccurrenceInput,
    ) -> Result<RestoreOccurrencePayload, FieldProblem> {
        occurrence::restore(context, &input).await
    }

    /// Registers the caller, or as an ADMIN another member, for an occurrence.
    async fn register_for_occurrence(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: RegisterForOccurrenceInput,
    ) -> Result<RegisterForOccurrencePayload, FieldProblem> {
        registration::register(context, "registerForOccurrence", &input).await
    }

    /// Registers the caller, or as an ADMIN another member, for a one-off event.
    async fn register_for_event(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: RegisterForEventInput,
    ) -> Result<RegisterForEventPayload, FieldProblem> {
        registration::register(context, "registerForEvent", &input).await
    }

    /// Cancels a registration, and promotes the first member on the waitlist whose time is free.
    async fn cancel_registration(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: CancelRegistrationInput,
    ) -> Result<CancelRegistrationPayload, FieldProblem> {
        registration::cancel(context, &input).await
    }

    /// Reports an issue.
    async fn create_issue(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: CreateIssueInput,
    ) -> Result<CreateIssuePayload, FieldProblem> {
        issue::create(context, &input).await
    }

    /// Changes an issue. Only ADMINs can use it.
    async fn update_issue(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: UpdateIssueInput,
    ) -> Result<UpdateIssuePayload, FieldProblem> {
        issue::update(context, &input).await
    }

    /// Deletes an issue. Its number is not used again. Only ADMINs can use it.
    async fn delete_issue(
        context: &Context,
        #[graphql(description = "The values of the mutation.")] input: DeleteIssueInput,
    ) -> Result<DeleteIssuePayload, FieldProblem> {
        issue::delete(context, &input).await
    }
}
