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
