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
            registering {
                gives_a_seat,
                gives_no_more_seats_than_there_are,
                registers_a_member_once_for_an_occurrence,
                registers_again_after_a_cancellation,
                names_the_registration_in_the_way,
                lets_intervals_touch,
                minds_the_time_of_an_occurrence_and_not_its_rule,
                does_not_register_for_or_with_what_is_not_there,
                trusts_no_proof_that_is_out_of_date,
                says_who_did_it_for_whom,
                limits_what_a_member_holds,
            }
            registration_windows {
                opens_and_closes_registration_to_the_moment,
                closes_the_queue_with_registration,
                registers_nobody_for_what_has_begun,
                moves_the_window_with_the_policy,
                lets_members_cancel_until_their_deadline_and_admins_until_the_start,
                lets_members_leave_the_queue_after_the_deadline,
            }
            waitlist {
                queues_in_the_order_of_arrival,
                leaves_a_waiting_member_free_for_something_else,
                moves_the_first_up_when_a_seat_is_given_back,
                passes_over_who_has_a_clash_and_keeps_their_place,
                lets_members_leave_the_queue,
                moves_as_many_up_as_seats_are_added_to_an_event,
                moves_up_when_seats_are_added_to_one_occurrence,
                moves_up_when_a_member_is_removed,
            }
            cancelling {
                gives_the_seat_and_the_time_back,
                cancels_a_registration_once,
                cancels_nobody_elses_registration,
                tells_an_admins_own_registration_from_others,
                frees_one_seat_of_many,
            }
            rushes {
                gives_ten_seats_to_ten_of_two_hundred,
                gives_one_seat_to_one_and_queues_the_others,
                gives_a_member_one_of_many_overlapping_seats,
                registers_a_member_once_however_often_they_call,
                leaves_no_seat_free_because_of_who_could_not_take_it,
                cancels_a_seat_once_however_often_it_is_given_back,
                keeps_every_seat_filled_while_members_come_and_go,
                never_takes_seats_away_that_are_given_out_at_the_same_time,
                registers_for_the_event_before_or_after_an_edit_never_in_between,
                deletes_an_event_or_gives_out_seats_in_it_not_both,
            }
            registrations {
                lists_registrations_by_start_and_then_id,
                filters_registrations,
                gets_registrations_by_id,
                finds_what_a_member_holds_in_occurrences,
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
