//! The list of all cases: the one place where a case is named, for every adapter.

/// Makes a test of each case of the contract. The expression gives a [`Harness`](crate::testing::contract::Harness)
/// for storage that is fresh and empty; it may await, and names what it uses from `crate::` or a crate's name on.
///
/// The calling crate needs tokio with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! contract_tests {
    ($harness:expr) => {
        $crate::contract_cases! { contract_test_functions $harness }
    };
}

/// Calls a macro with something and the list of all cases, by suite.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($then:ident $($with:expr)?) => {
        $crate::$then! {
            [$($with)?]
            organizations {
                founds_an_organization_with_its_first_admin,
                refuses_a_slug_that_is_taken,
                gives_a_slug_to_one_of_many_founders,
                updates_an_organization_and_logs_what_changed,
                logs_nothing_where_nothing_of_an_organization_changes,
                has_no_organization_that_was_not_founded,
                finds_a_membership_by_id_and_by_slug,
            }
            members {
                adds_members_and_lists_them_in_order,
                refuses_a_user_id_that_is_taken,
                adds_a_user_once_however_many_try,
                updates_a_member_and_logs_what_changed,
                logs_nothing_where_nothing_of_a_member_changes,
                keeps_the_last_admin,
                keeps_an_admin_when_two_demote_each_other_at_once,
                does_not_know_a_removed_member_but_can_still_show_them,
                finds_a_present_member_by_user_id,
            }
            issues {
                numbers_issues_from_one_and_gives_no_number_twice,
                numbers_issues_without_gaps_under_concurrency,
                refuses_references_of_an_issue_to_nothing,
                updates_an_issue_and_logs_what_changed,
                logs_nothing_where_nothing_of_an_issue_changes,
                does_not_know_a_deleted_issue,
                lists_issues_by_number_and_by_filter,
            }
            events {
                stores_an_event_as_it_is,
                stores_the_occurrence_of_a_one_off_event_with_it,
                lists_events_in_order_and_by_filter,
                edits_what_an_event_says_and_logs_it,
                leaves_the_version_where_nothing_of_an_event_changes,
                refuses_edits_that_cannot_be_made,
                makes_edits_for_the_version_that_is_there,
            }
            event_edits {
                takes_everybody_along_to_another_time_of_day,
                takes_everybody_along_to_another_zone_and_duration,
                leaves_exceptions_what_they_overrode,
                lists_whom_it_would_drop_or_drops_them,
                lists_whom_it_would_move_onto_another_seat_or_cancels_those,
                gives_seats_to_who_waits_where_an_edit_takes_them_from_others,
                moves_a_members_own_seats_past_each_other,
                cancels_no_more_of_a_members_own_seats_than_must_be,
                refuses_fewer_seats_than_are_taken,
                leaves_what_has_begun_as_it_was,
            }
            event_splits {
                makes_an_event_of_what_follows,
                moves_what_follows_and_those_who_hold_seats_in_it,
                edits_the_whole_series_from_its_first_occurrence_on,
                splits_nothing_where_there_is_no_occurrence,
                lists_whom_a_split_would_drop,
            }
            event_endings {
                calls_off_what_has_not_begun,
                calls_an_event_off_once,
                deletes_an_event_that_nobody_holds_seats_in,
            }
            occurrence_edits {
                makes_an_exception_of_an_occurrence,
                logs_nothing_where_nothing_of_an_occurrence_changes,
                refuses_edits_of_occurrences_that_cannot_be_made,
                takes_everybody_along_with_an_occurrence,
                lists_whom_moving_an_occurrence_would_clash_for,
                calls_one_occurrence_off,
                leaves_a_called_off_occurrence_called_off,
            }
            registering {
                confirms_a_registration,
                refuses_registrations_for_a_full_occurrence,
                registers_a_member_once_for_an_occurrence,
                registers_again_after_a_cancellation,
                names_the_conflicting_registration,
                accepts_registrations_at_touching_times,
                detects_conflicts_at_the_time_of_a_rescheduled_occurrence,
                refuses_unknown_occurrences_and_members,
                registers_by_a_former_key_of_an_occurrence,
                derives_occurrences_from_the_edited_event,
                logs_the_actor_and_the_request,
            }
            registration_windows {
                opens_and_closes_registration_on_time,
                closes_the_waitlist_with_registration,
                refuses_registrations_after_the_start,
                applies_an_edited_policy_to_stored_and_derived_occurrences,
                lets_members_cancel_until_their_deadline_and_admins_until_the_start,
                lets_members_leave_the_waitlist_after_the_deadline,
            }
            waitlist {
                waitlists_members_in_order_of_arrival,
                lets_waitlisted_members_register_elsewhere_at_that_time,
                promotes_the_first_member_after_a_cancellation,
                passes_over_members_with_a_conflict_who_keep_their_position,
                lets_members_leave_the_waitlist,
                promotes_members_to_seats_that_are_added_to_an_event,
                promotes_members_to_seats_that_are_added_to_an_occurrence,
                promotes_members_after_a_member_is_removed,
            }
            cancelling {
                cancels_a_registration_and_frees_the_seat_and_the_time,
                cancels_a_registration_once,
                refuses_cancellations_of_other_members_registrations,
                stores_the_reason_of_a_cancellation_by_an_admin,
                frees_only_the_cancelled_seat,
            }
            rushes {
                confirms_ten_of_two_hundred_for_ten_seats,
                confirms_one_and_waitlists_the_others_for_one_seat,
                confirms_one_of_many_overlapping_registrations,
                registers_a_member_once_under_concurrent_calls,
                fills_all_seats_although_some_members_have_conflicts,
                cancels_a_registration_once_under_concurrent_calls,
                keeps_all_seats_filled_while_members_register_and_cancel,
                never_removes_seats_that_are_taken_concurrently,
                registers_before_or_after_a_concurrent_edit_never_in_between,
                deletes_an_event_or_registers_for_it_never_both,
            }
            registrations {
                lists_registrations_by_start_and_then_id,
                filters_registrations,
                gets_registrations_by_id,
                finds_the_active_registrations_of_a_member,
            }
            catalogue {
                tells_every_event_that_may_overlap_a_window,
                tells_exceptions_where_they_are_and_where_they_were,
                tells_of_certain_events_only_where_asked_to,
                is_never_stale,
                finds_stored_occurrences_by_every_key_they_had,
            }
            activity_log {
                tells_the_newest_first,
                tells_who_did_what_in_which_request,
                filters_entries,
                gets_entries_by_id,
                keeps_what_it_told,
            }
            log_fields {
                names_fields_of_organizations_and_members,
                names_fields_of_registrations,
                names_fields_of_issues,
                names_fields_of_events_and_occurrences,
            }
            repeats {
                answers_a_repeat_with_what_there_is_now,
                refuses_a_repeat_about_what_is_gone,
                answers_a_repeat_about_a_removed_member,
            }
            personal_data {
                collects_what_is_held_about_a_person,
                collects_what_others_did_to_a_person,
                knows_nothing_of_a_stranger,
                erases_a_person_everywhere,
                erases_in_one_organization_only,
                leaves_a_present_membership_alone,
                erases_a_second_time_what_was_added_since,
                erases_who_is_still_a_member_but_never_the_last_admin,
                erases_who_is_still_at_it,
            }
            idempotency {
                keys_belong_to_their_actors,
                keys_belong_to_their_organization,
                a_key_is_for_one_mutation_of_all,
                keys_count_for_a_day,
                a_refusal_remembers_nothing,
                a_repeat_answers_even_if_it_would_be_refused_now,
                simultaneous_repeats_change_one_thing,
                repeats_a_founding_whatever_the_ids,
            }
            idempotency_of_all {
                repeats_changes_of_organizations_and_members,
                repeats_changes_of_issues,
                repeats_changes_of_events,
                repeats_changes_of_occurrences,
                repeats_registrations_and_cancellations,
            }
            tenancy {
                reads_nothing_of_another_organization,
                changes_nothing_of_another_organization,
                changes_its_own_and_no_other_organization,
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_test_functions {
    ([$harness:expr] $($suite:ident { $($case:ident,)* })*) => {
        $(mod $suite {
            $(#[::tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let case = $crate::testing::contract::cases::$suite::$case;
                $crate::testing::contract::run($harness, case).await;
            })*
        })*
    };
}

/// Makes the cases public under one roof. A case that is not in the list is dead code, which the compiler tells.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_case_functions {
    ([] $($suite:ident { $($case:ident,)* })*) => {
        #[doc(hidden)]
        pub mod cases {
            $(pub mod $suite {
                $(pub async fn $case(bench: $crate::testing::contract::Bench) {
                    $crate::testing::contract::$suite::$case(bench).await;
                })*
            })*
        }
    };
}

crate::contract_cases! { contract_case_functions }
