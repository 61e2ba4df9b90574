use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[test]
fn trims_and_normalizes() {
    assert_eq!(Title::parse(" e\u{301}cole ").unwrap().as_str(), "école");
    assert_eq!(Description::parse("one\r\ntwo\tthree").unwrap().as_str(), "one\ntwo\tthree");
    assert_eq!(Description::parse("").unwrap().as_str(), "");
}

#[rstest]
#[case("a\0b")]
#[case("a\nb")]
#[case("a\tb")]
#[case("\u{1b}[2J")]
#[case("a\u{2028}b")]
#[case("\u{2066}x\u{2069}")]
#[case("x\u{202E}y")]
#[case("x\u{202A}y\u{202C}")]
#[case("a\u{FFFE}")]
#[case("\u{FDD0}")]
#[case("\u{E0041}x")]
#[case("🏴\u{E0067}\u{E0062}\u{E0065}")]
#[case("🏁\u{E0067}\u{E0062}\u{E0065}\u{E007F}")]
#[case("🏴\u{E0067}\u{E0062}\u{E007F}")]
#[case("🏴\u{E0067}\u{E0062}\u{E0065}\u{E0067}\u{E0062}\u{E0065}\u{E0067}\u{E007F}")]
#[case("🏴\u{E0047}\u{E0042}\u{E0045}\u{E007F}")]
#[case("x\u{E007F}")]
#[case("x\u{85}")]
#[case("x\u{E0100}")]
#[case("葛\u{E0100}\u{E0101}")]
#[case("か\u{E0100}")]
fn refuses_what_misleads(#[case] text: &str) {
    // A control character at the very end is trimmed as white space, within the text it is refused.
    let within = format!("{text}z");
    assert!(
        matches!(Title::parse(&within), Err(TextProblem::ForbiddenCharacter(_))),
        "{text:?} gave {:?}",
        Title::parse(&within)
    );
}

#[rstest]
#[case("a\u{200B}b", "ab")]
#[case("\u{FEFF}  Title \u{FEFF}", "Title")]
#[case(" \u{200B} Title", "Title")]
#[case("soft\u{AD}hyphen", "softhyphen")]
#[case("word\u{2060}joiner", "wordjoiner")]
#[case("e\u{200B}\u{301}", "é")]
#[case("e\u{200D}\u{301}", "é")]
#[case("a\u{200D}", "a")]
#[case("\u{200C}a", "a")]
#[case("a \u{200D}b", "a b")]
#[case("a\u{200D}b\u{200C}c", "abc")]
#[case("é\u{200D}è", "éè")]
#[case("می\u{200C}\u{200C}خواهم", "می\u{200C}خواهم")]
#[case("می\u{200C}", "می")]
#[case("日\u{200B}本", "日本")]
#[case("x\u{206A}\u{2063}\u{180E}y", "xy")]
fn removes_invisible_characters(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(Title::parse(text).unwrap().as_str(), expected);
    assert_eq!(Description::parse(text).unwrap().as_str(), expected);
}

#[rstest]
fn nothing_visible_is_empty(
    #[values(
        "\u{200B}",
        "\u{FEFF} \u{AD}",
        "\u{200F}",
        "\u{200E} \u{61C}",
        "\u{200D}",
        "\u{FE0F}",
        "\u{3164}"
    )]
    text: &str,
) {
    assert_eq!(Title::parse(text), Err(TextProblem::Empty));
    assert_eq!(SearchText::parse(text), Err(TextProblem::Empty));
    assert_eq!(Description::parse(text).unwrap().as_str(), "");
}

#[rstest]
fn a_name_has_more_than_marks(
    #[values(
        "\u{301}",
        "\u{301} \u{308}",
        "\u{64B}",
        "\u{5B0}",
        "\u{301}\u{FE0F}",
        "\u{600}",
        "\u{6DD} \u{8E2}",
        "\u{110BD}\u{13430}"
    )]
    marks: &str,
) {
    assert_eq!(DisplayName::parse(marks), Err(TextProblem::Empty));
    assert_eq!(Title::parse(marks), Err(TextProblem::Empty));
    assert_eq!(OrganizationName::parse(marks), Err(TextProblem::Empty));
    assert!(DisplayName::parse(&format!("x{marks}")).is_ok());
    assert!(Description::parse(marks).is_ok());
}

#[rstest]
fn identifiers_are_refused_with_invisible_characters(
    #[values("\u{200B}", "\u{200D}", "\u{200F}", "\u{FEFF}", "\u{AD}", "\u{2060}", "\u{61C}")]
    invisible: &str,
) {
    let text = format!("a{invisible}b");
    assert!(matches!(UserId::parse(&text), Err(TextProblem::ForbiddenCharacter(_))));
    assert!(matches!(IdempotencyKey::parse(&text), Err(TextProblem::ForbiddenCharacter(_))));
    assert!(Slug::parse(&text).is_err());
}

#[test]
fn keeps_scripts_and_emoji_whole() {
    for text in [
        "اجتماع",
        "𝕏𝕐",
        "می\u{200C}خواهم",
        "👩\u{200D}👩\u{200D}👧",
        "👩🏽\u{200D}🚀",
        "👩\u{200D}❤\u{FE0F}\u{200D}👨",
        "🏳\u{FE0F}\u{200D}🌈",
        "🏴\u{200D}☠\u{FE0F}",
        "क्\u{200D}ष",
        "ශ්\u{200D}රී",
        "日本語",
        "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        "Rugby 🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} v 🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
        "שלום\u{200F} (C++)\u{200E}!",
        "\u{61C}١٢",
        "葛\u{E0100}城と辻\u{E0101}、神\u{FE00}",
        "𠮟\u{E01EF}る",
    ] {
        assert_eq!(Title::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn counts_characters_not_bytes() {
    assert!(Title::parse(&"😀".repeat(200)).is_ok());
    assert_eq!(Title::parse(&"😀".repeat(201)), Err(TextProblem::TooLong { max: 200, actual: 201 }));
    assert_eq!(
        Title::parse(&"a".repeat(1_000_000)),
        Err(TextProblem::TooLong { max: 200, actual: 1_000_000 })
    );
}

#[test]
fn stored_texts_have_their_length_and_no_control_characters() {
    let too_long = TextProblem::TooLong { max: 200, actual: 201 };
    for (stored, problem) in [
        (String::new(), Some(TextProblem::Empty)),
        ("😀".repeat(200), None),
        ("😀".repeat(201), Some(too_long)),
        ("a\nb".to_owned(), Some(TextProblem::ForbiddenCharacter(0x0A))),
        ("a\0b".to_owned(), Some(TextProblem::ForbiddenCharacter(0))),
    ] {
        assert_eq!(Title::from_stored(stored.clone()).err(), problem, "{stored:?}");
    }
    assert!(Description::from_stored("a\n\tb".to_owned()).is_ok());
    assert!(Description::from_stored("a\x7Fb".to_owned()).is_err());
}

#[test]
fn no_user_is_named_like_the_platform() {
    for text in ["system", " system "] {
        assert!(matches!(UserId::parse(text), Err(TextProblem::Malformed(_))), "{text:?}");
    }
    assert!(UserId::parse("systems").is_ok());
}

#[test]
fn no_new_user_is_named_like_an_erased_person() {
    for text in ["erased-2b1a0c9e8d7f", " erased-1 "] {
        assert!(matches!(UserId::parse_new(text), Err(TextProblem::Malformed(_))), "{text:?}");
        assert!(UserId::parse(text).is_ok(), "it is stored: {text:?}");
    }
    assert!(UserId::parse_new("erased").is_ok());
    assert!(UserId::parse_new("system").is_err());
}

#[test]
fn slugs_are_labels() {
    for good in ["a", "org-123", "0", &"a".repeat(63)] {
        assert!(Slug::parse(good).is_ok(), "{good}");
    }
    for bad in ["", "-a", "a-", "a--b", "A", "a_b", "a.b", "é", &"a".repeat(64)] {
        assert!(Slug::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn emails_have_two_sides() {
    for good in ["ada@example.org", "a.b+c@sub.example.org", "jörg@bücher.example"] {
        assert!(Email::parse(good).is_ok(), "{good}");
    }
    for bad in
        ["", "ada", "@example.org", "ada@", "ada@example", "a b@example.org", ".a@example.org", "a@-b.org"]
    {
        assert!(Email::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn keys_are_kept_to_the_byte() {
    assert_eq!(IdempotencyKey::parse(" k ").unwrap().as_str(), " k ");
    assert!(IdempotencyKey::parse("").is_err());
    assert!(IdempotencyKey::parse(&"k".repeat(256)).is_err());
    assert!(IdempotencyKey::parse("k\n").is_err());
}

proptest! {
    /// A stored text is read again by the same rules.
    #[test]
    fn a_cleaned_text_is_clean(text in "[a e\u{301}é\u{200B}-\u{200F}\u{FEFF}\u{AD}می\u{61C}क्🏴👩❤\u{FE0F}\u{E0062}\u{E0067}\u{E007F}\u{180E}\u{3164}가ᄀ]{0,12}") {
        if let Ok(title) = Title::parse(&text) {
            prop_assert_eq!(Title::parse(title.as_str()), Ok(title.clone()));
            prop_assert_eq!(Title::from_stored(title.to_string()), Ok(title.clone()));
        }
    }
}
