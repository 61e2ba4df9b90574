//! The list of all cases.

/// Declares a test for each case of the contract. The expression creates a
/// [`Harness`](crate::testing::contract::Harness) with empty storage. It may await, and must use absolute paths.
///
/// The calling crate needs tokio with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! contract_tests {
    ($harness:expr) => {
        $crate::contract_cases! { contract_test_functions $harness }
    };
}

/// Calls a macro with an expression and the list of all cases, by suite.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($then:ident $($with:expr)?) => {
        $crate::$then! {
            [$($with)?]
            organizations {
                creating_an_organization_stores_and_logs_it_with_its_first_admin,
                a_taken_slug_is_refused,
                concurrent_creations_with_one_slug_create_one_organization,
                updating_an_organization_stores_and_logs_the_changed_fields,
                an_update_without_effect_on_an_organization_is_not_logged,
                getting_an_unknown_organization_fails,
                memberships_are_found_by_organization_id_and_slug,
            }
            suspensions {
                a_suspension_is_seen_by_the_next_lookup_of_every_process,
                a_resumed_organization_is_as_it_was,
                an_unknown_organization_is_not_suspended,
                the_keys_of_the_operator_are_known_in_all_organizations,
                organizations_are_listed_in_order_and_by_text,
            }
            deletions {
                only_a_suspended_organization_is_deleted_and_only_by_its_slug,
                a_deleted_organization_does_not_exist_and_keeps_its_slug,
                a_deletion_is_repeatable,
                what_was_let_in_before_a_deletion_is_refused,
            }
            members {
                added_members_are_logged_and_listed_in_order,
                a_taken_user_id_is_refused,
                concurrent_additions_of_one_user_add_one_member,
                updating_a_member_stores_and_logs_the_changed_fields,
                an_update_without_effect_on_a_member_is_not_logged,
                removing_or_demoting_the_last_admin_is_refused,
                two_admins_who_demote_each_other_leave_one_admin,
                a_removed_member_is_found_only_on_request,
                an_active_member_is_found_by_user_id,
            }
            issues {
                issues_are_numbered_from_one_and_numbers_are_not_reused,
                concurrent_issues_are_numbered_without_gaps,
                missing_references_of_an_issue_are_refused,
                an_issue_can_keep_references_that_are_gone,
                updating_an_issue_stores_and_logs_the_changed_fields,
                an_update_without_effect_on_an_issue_is_not_logged,
                a_deleted_issue_is_not_found,
                issues_are_listed_by_number_and_by_filter,
            }
            versions {
                a_change_of_an_outdated_version_is_refused_and_changes_nothing,
                a_cancellation_of_an_outdated_version_is_refused_and_changes_nothing,
                of_concurrent_changes_of_one_version_one_succeeds,
                the_version_of_a_date_that_comes_back_grows,
                the_version_of_an_id_does_not_go_back_in_a_shift,
                the_version_of_an_id_does_not_go_back_after_a_deletion,
                the_version_of_an_id_does_not_go_back_after_edits_of_the_second_part,
            }
            events {
                an_event_is_stored_unchanged,
                the_occurrence_of_a_one_off_event_is_stored_with_it,
                an_event_is_listed_as_stored_also_if_an_older_one_is_held,
                events_are_listed_in_order_and_by_filter,
                an_event_that_does_not_recur_any_more_is_listed_as_one_off,
                editing_an_event_stores_and_logs_the_changed_fields,
                an_edit_without_effect_on_an_event_keeps_its_version,
                impossible_edits_of_an_event_are_refused,
                of_concurrent_edits_of_one_version_one_succeeds,
            }
            event_edits {
                a_cancelled_registration_keeps_the_time_that_it_recorded,
                registrations_follow_an_event_to_another_time_of_day,
                registrations_follow_an_event_to_another_zone_and_duration,
                exceptions_keep_their_own_values,
                dropped_registrations_are_listed_or_cancelled,
                conflicting_registrations_are_listed_or_cancelled,
                seats_freed_by_an_edit_go_to_the_waitlist,
                seats_of_one_member_can_swap_times,
                an_edit_cancels_as_few_conflicting_seats_of_a_member_as_possible,
                a_duration_beyond_the_next_date_affects_a_member_of_both,
                a_capacity_below_the_taken_seats_is_refused,
                a_capacity_is_compared_with_the_seats_that_remain,
                an_edit_does_not_change_occurrences_that_have_begun,
            }
            event_shifts {
                a_one_off_event_takes_its_registrations_along,
                a_weekday_set_rotates_with_everything_that_is_known_of_its_dates,
                a_night_moves_past_midnight_as_a_whole,
                the_end_moves_with_the_start,
                the_end_that_a_split_left_moves_with_the_start,
                a_rule_that_cannot_move_is_asked_for,
                wall_clock_times_take_precedence_over_instants,
                clocks_that_change_do_not_move_anybody_to_another_time,
                an_occurrence_in_progress_is_not_repeated,
                an_occurrence_with_its_own_time_outlives_its_date,
                an_event_that_was_moved_into_the_past_returns,
                a_held_date_remains_where_two_dates_become_one,
                a_value_of_the_event_is_no_exception,
                a_former_id_denotes_the_occurrence_that_had_it_last,
                a_rule_that_begins_later_begins_anew,
                the_last_working_day_moves_to_another_month_in_a_copy_only,
                a_cancelled_date_leaves_the_instant_of_two_times_to_a_held_one,
                seats_of_one_member_on_consecutive_days_move_by_days,
                registrations_are_listed_by_a_former_id,
                each_registration_is_listed_for_one_occurrence,
            }
            event_echoes {
                a_rule_as_it_is_shown_changes_nothing,
                a_rule_as_it_is_shown_moves_with_its_start_and_zone,
                the_last_seat_moves_with_a_rule_as_it_is_shown,
                a_rule_as_it_is_shown_splits_a_series_like_none,
                days_and_times_of_a_given_rule_do_not_move,
                what_repeats_the_recurrence_moves_to_another_day,
                dates_that_are_repeated_stay_if_the_new_rule_has_them,
            }
            event_first_dates {
                a_shift_is_relative_to_the_first_date_in_every_scope,
                an_end_and_a_copy_are_relative_to_the_first_date,
                a_series_without_recurrence_takes_place_at_its_first_date,
                a_rule_keeps_its_distance_from_the_first_date,
                an_rdate_that_becomes_the_first_date_moves_nothing,
            }
            event_rules {
                a_dropped_date_does_not_take_the_date_of_a_live_one,
                a_cancelled_date_does_not_take_the_new_date_of_a_live_one,
                a_cancelled_date_leaves_the_date_that_a_start_gives_it,
                held_occurrences_are_matched_before_empty_ones,
                a_date_that_is_in_both_series_is_taken_by_itself,
                a_rule_that_only_removes_dates_moves_none,
                a_rule_that_only_adds_dates_moves_none,
                a_weekday_that_is_removed_and_added_again_moves_nobody,
                a_rule_that_adds_dates_to_those_ahead_moves_none,
                a_rule_that_removes_or_adds_dates_and_another_time_move_only_the_time,
                a_rule_and_a_start_shift_together,
            }
            event_over {
                a_start_on_which_nothing_takes_place_is_refused,
                a_first_day_on_which_nothing_takes_place_is_refused,
                the_times_of_an_event_that_is_over_are_refused,
            }
            event_past {
                an_exdate_after_a_move_does_not_bring_back_what_has_begun,
                a_split_leaves_the_past_to_the_first_event,
                an_occurrence_that_was_moved_forward_does_not_reappear,
                a_split_does_not_bring_back_what_was_moved_forward,
                the_first_part_of_a_split_does_not_bring_back_what_was_moved_forward,
                a_rule_with_a_start_does_not_bring_back_what_was_moved_forward,
                a_postponed_occurrence_stays_one_occurrence,
                the_date_of_a_dropped_postponed_occurrence_did_not_take_place,
                a_day_of_an_earlier_zone_stays_listed,
                what_took_place_early_keeps_its_title,
                what_took_place_late_keeps_its_title,
                a_search_finds_the_title_that_an_occurrence_had,
                cancelling_an_event_leaves_the_days_that_took_place,
                a_present_id_takes_precedence_over_a_former_one,
            }
            used_dates {
                a_date_that_is_added_before_a_used_one_is_a_date,
                a_start_that_is_corrected_loses_no_date,
                the_bound_of_used_dates_is_not_ahead,
                dates_postponed_by_a_move_return_to_their_series,
                a_date_that_a_zone_moves_ahead_is_listed_once,
                what_has_begun_takes_no_date_of_a_member,
                a_used_date_that_an_organizer_names_is_a_date,
                a_start_that_is_given_with_a_rule_takes_place_today,
                an_rdate_at_the_second_of_a_used_date_in_a_gap_is_a_date,
                an_rdate_on_the_date_of_an_occurrence_that_took_place_is_refused,
                an_exdate_that_is_removed_again_frees_no_used_date,
                the_date_of_a_dropped_postponed_occurrence_is_not_used,
                a_postponed_occurrence_keeps_its_date_in_another_zone,
                an_occurrence_that_a_new_zone_drops_leaves_its_id_to_no_other,
            }
            event_splits {
                a_split_creates_an_event_of_the_following_occurrences,
                a_split_moves_the_registrations_of_the_following_occurrences,
                a_split_at_the_first_occurrence_edits_the_whole_series,
                a_split_shifts_from_its_first_occurrence,
                a_new_rule_begins_where_the_series_is_split,
                a_split_at_a_missing_occurrence_is_refused,
                a_repeat_of_a_split_whose_event_was_deleted_names_no_field,
                registrations_that_a_split_would_drop_are_listed,
            }
            series_variants {
                rules_that_name_days_move_exactly_or_are_asked_for,
                excluded_and_added_dates_follow_their_series,
                changes_of_the_clocks_move_nobody_to_another_date,
                a_given_rule_keeps_the_dates_that_it_has,
                a_part_of_a_series_is_edited_by_itself,
            }
            exception_variants {
                exceptions_that_cross_each_other_stay_themselves,
                an_exception_on_the_date_of_another_occurrence_is_another_one,
                an_exception_of_the_first_or_the_last_date_stays_in_its_series,
                a_cancelled_date_is_restored_where_its_series_is_now,
                restorations_can_be_taken_back_and_made_again,
                what_was_cancelled_by_itself_is_not_restored_with_its_event,
                a_date_that_was_dropped_returns_without_its_exception,
                capacities_of_exceptions_are_their_own,
                exceptions_that_pass_through_the_past_return_with_their_dates,
                exceptions_that_pass_take_no_key_of_a_dropped_occurrence,
                a_passed_exception_that_is_dropped_leaves_the_past,
                an_exception_of_a_one_off_event_returns_from_the_past,
                exceptions_in_the_past_return_by_a_rule_and_with_a_split,
                a_held_exception_that_passes_returns_without_its_registrations,
                an_occurrence_with_its_own_time_returns_to_its_date,
                the_rest_of_a_series_is_cancelled_with_its_exceptions,
            }
            waitlist_variants {
                more_seats_of_a_series_promote_in_each_occurrence,
                fewer_seats_keep_the_waitlist_until_one_is_free,
                a_seat_wanders_through_several_waitlists,
                a_removed_member_leaves_seats_on_several_days,
                a_waitlist_is_served_when_times_no_longer_overlap,
                a_member_who_waits_for_overlapping_seats_gets_them_one_by_one,
            }
            day_variants {
                seats_become_whole_days_and_times_again,
                following_days_become_whole_days,
                a_calendar_day_moves_only_where_it_differs_from_24_hours,
                a_copy_has_the_dates_of_a_part_at_its_new_start,
            }
            event_endings {
                cancelling_an_event_cancels_its_upcoming_occurrences,
                an_event_is_cancelled_once,
                only_an_event_without_active_registrations_is_deleted,
            }
            event_duplicates {
                a_copy_has_neither_registrations_nor_exceptions,
                a_one_off_event_is_copied_with_its_occurrence,
                a_repeat_returns_the_copy_even_if_the_original_is_deleted,
            }
            event_restorations {
                the_occurrences_that_were_cancelled_with_an_event_take_place_again,
                what_would_have_begun_meanwhile_stays_cancelled,
                dates_that_passed_while_they_were_cancelled_can_move_ahead,
                a_postponed_date_stays_used_through_a_cancellation,
                the_date_of_what_took_place_at_another_time_stays_used_through_a_cancellation,
                dates_that_took_place_between_cancelled_ones_do_not_move,
                a_one_off_event_is_restored,
                a_repeat_of_a_restoration_lists_the_same_registrations,
                those_who_held_seats_are_listed_before_those_who_waited,
                members_who_are_gone_are_not_listed_by_a_restoration,
                seats_of_a_restored_event_are_safe_under_concurrent_calls,
            }
            occurrence_edits {
                editing_an_occurrence_makes_it_an_exception,
                an_edit_without_effect_on_an_occurrence_is_not_logged,
                impossible_edits_of_an_occurrence_are_refused,
                registrations_follow_a_moved_occurrence,
                registrations_that_a_moved_occurrence_would_conflict_with_are_listed,
                one_occurrence_can_be_cancelled,
                a_cancelled_occurrence_stays_cancelled,
            }
            occurrence_restorations {
                a_cancelled_occurrence_takes_place_again,
                an_exception_gets_the_values_of_its_series_again,
                an_exception_loses_the_named_values_only,
                a_change_of_the_duration_is_logged_if_the_end_stays,
                impossible_restorations_are_refused_and_change_nothing,
                seats_that_a_restoration_would_move_into_a_conflict_are_listed,
                members_who_wait_get_the_seats_that_a_restoration_adds,
                a_restored_occurrence_is_found_by_its_former_id,
                seats_of_a_restored_occurrence_are_safe_under_concurrent_calls,
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
                gives_the_first_of_two_reasons,
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
                lets_members_who_join_again_wait_behind_the_others,
                promotes_members_to_seats_that_are_added_to_an_event,
                promotes_members_to_seats_that_are_added_to_an_occurrence,
                promotes_members_after_a_member_is_removed,
            }
            durations {
                a_day_ends_at_midnight_when_the_clocks_change,
                durations_are_stored_as_given,
                an_edit_replaces_the_whole_duration,
                days_stay_days_through_edits,
            }
            dry_runs {
                a_dry_run_of_an_edit_is_answered_like_the_edit,
                a_dry_run_counts_the_registrations_that_move,
                a_dry_run_of_a_cancellation_is_answered_like_it,
                a_dry_run_of_a_removal_is_answered_like_it,
                a_dry_run_with_a_used_key_is_answered_like_the_repeat,
            }
            freed_time {
                promotes_a_member_who_cancels_elsewhere,
                promotes_a_member_whose_seat_moves,
                promotes_a_member_whose_occurrence_is_moved,
                promotes_a_member_whose_occurrence_is_cancelled,
                promotes_a_member_whose_event_is_cancelled,
                promotes_a_member_whose_seat_is_dropped,
                promotes_a_member_whose_seat_is_shortened,
                promotes_a_member_to_a_seat_that_moves,
                promotes_a_member_who_loses_a_seat_in_a_conflict,
                promotes_along_a_chain,
                promotes_a_member_in_every_occurrence,
                promotes_in_the_order_of_the_waitlist,
                lets_newcomers_pass_only_members_who_are_busy,
                promotes_after_registration_has_closed_until_the_start,
                promotes_nobody_after_the_start,
                finds_seats_that_were_added_while_the_member_was_busy,
            }
            cancelling {
                cancels_a_registration_and_frees_the_seat_and_the_time,
                cancels_a_registration_once,
                refuses_cancellations_of_other_members_registrations,
                stores_the_reason_of_a_cancellation_by_an_admin,
                keeps_the_latest_cancelled_registrations_of_a_member,
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
                lists_registrations_of_many_occurrences_at_once,
                lists_registrations_of_many_events_at_once,
                filters_registrations,
                gets_registrations_by_id,
                finds_the_active_registrations_of_a_member,
            }
            catalogue {
                a_window_contains_every_event_that_may_overlap_it,
                a_window_contains_exceptions_by_new_and_by_original_time,
                a_window_can_be_limited_to_certain_events,
                a_window_is_never_stale,
                many_windows_are_read_at_once,
                stored_occurrences_are_found_by_current_and_former_keys,
            }
            pages {
                walking_forwards_and_backwards_gives_the_same_sequence,
            }
            activity_log {
                entries_are_listed_newest_first,
                entries_name_actor_action_and_request,
                entries_are_listed_by_filter,
                entries_are_found_by_id,
                entries_stay_unchanged,
                entries_and_times_of_an_object_are_in_the_order_of_its_changes,
            }
            recorded_times {
                a_registration_that_follows_an_edit_keeps_its_order,
                an_event_is_restored_after_its_cancellation,
                a_changed_occurrence_keeps_its_order,
                a_member_is_erased_after_the_removal,
            }
            log_fields {
                fields_of_organizations_and_members_are_logged,
                fields_of_registrations_are_logged,
                fields_of_issues_are_logged,
                fields_of_events_and_occurrences_are_logged,
            }
            repeats {
                a_repeat_returns_the_current_state,
                a_repeat_about_a_deleted_object_is_refused,
                a_repeat_returns_a_removed_member,
                a_repeat_returns_the_occurrence_that_was_changed,
                a_repeat_returns_an_occurrence_whose_id_another_one_has,
                a_repeat_of_a_change_without_effect_returns_its_occurrence,
                a_repeat_returns_the_dropped_exceptions_as_they_were,
            }
            personal_data {
                everything_stored_about_a_person_is_collected,
                entries_about_a_person_by_others_are_collected,
                nothing_is_collected_about_an_unknown_user,
                erasure_removes_a_person_from_all_collections,
                erasure_is_limited_to_one_organization,
                erasure_keeps_an_active_membership,
                a_second_erasure_removes_later_data,
                a_member_can_be_removed_and_erased_but_not_the_last_admin,
                erasure_succeeds_during_concurrent_changes_of_the_person,
            }
            idempotency {
                keys_are_separate_for_each_actor,
                keys_are_separate_for_each_organization,
                a_key_is_valid_for_one_mutation_only,
                keys_expire_after_a_day,
                a_refusal_does_not_use_the_key,
                a_repeat_succeeds_even_if_it_would_be_refused_now,
                concurrent_repeats_change_one_thing,
                creating_an_organization_is_repeatable_with_new_ids,
            }
            idempotency_across {
                a_used_key_is_refused_for_every_other_mutation,
                one_of_two_concurrent_mutations_uses_the_key,
                one_of_two_processes_uses_the_key,
                a_reused_key_is_refused_before_a_missing_object,
                the_key_of_a_creation_counts_in_the_new_organization,
                a_repeat_is_refused_once_its_registration_is_deleted,
            }
            idempotency_of_all {
                changes_of_organizations_and_members_are_repeatable,
                changes_of_issues_are_repeatable,
                changes_of_events_are_repeatable,
                changes_of_occurrences_are_repeatable,
                registrations_and_cancellations_are_repeatable,
            }
            time_zone_updates {
                a_second_occurrence_of_a_date_does_not_stop_edits,
                a_held_occurrence_has_the_date_before_an_empty_one,
                the_date_of_two_occurrences_stays_with_the_seats,
                seats_and_agendas_follow_a_realignment,
                values_of_single_occurrences_follow_a_realignment,
                dates_one_hour_apart_follow_a_realignment,
                an_event_whose_member_is_busy_is_left_alone,
                a_cancelled_event_is_realigned,
                a_realignment_can_be_a_dry_run,
                events_that_exchange_their_times_are_realigned_together,
                a_realignment_promotes_nobody_into_an_overlap,
                a_conflict_leaves_its_event_only,
                a_deleted_event_is_left_out_of_a_realignment,
                the_version_of_the_last_update_is_recorded,
            }
            tenancy {
                reads_return_nothing_of_another_organization,
                changes_of_another_organization_are_refused,
                changes_affect_the_own_organization_only,
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

/// Makes the cases public. The compiler reports a case that is missing from the list as dead code.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_case_functions {
    ([] $($suite:ident { $($case:ident,)* })*) => {
        #[doc(hidden)]
        pub mod cases {
            $(pub mod $suite {
                $(pub async fn $case(environment: $crate::testing::contract::Environment) {
                    $crate::testing::contract::$suite::$case(environment).await;
                })*
            })*
        }
    };
}

crate::contract_cases! { contract_case_functions }
