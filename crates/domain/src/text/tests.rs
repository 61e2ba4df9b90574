use super::*;

#[test]
fn trims_and_normalizes() {
    assert_eq!(Title::parse(" e\u{301}cole ").unwrap().as_str(), "école");
    assert_eq!(Description::parse("one\r\ntwo\tthree").unwrap().as_str(), "one\ntwo\tthree");
    assert_eq!(Description::parse("").unwrap().as_str(), "");
}

#[test]
fn refuses_what_misleads() {
    for text in [
        "a\0b",
        "a\nb",
        "a\tb",
        "\u{1b}[2J",
        "a\u{2028}b",
        "\u{2066}x\u{2069}",
        "x\u{202E}y",
        "a\u{FFFE}",
        "\u{FDD0}",
        "a\u{200B}b",
        "\u{FEFF}x",
        "\u{E0041}x",
        "a\u{200D}",
        "\u{200C}",
        "a \u{200D}b",
        "x\u{85}",
    ] {
        // A control character at the very end is trimmed as white space, within the text it is refused.
        let within = format!("{text}z");
        assert!(
            matches!(Title::parse(&within), Err(TextProblem::ForbiddenCharacter(_))),
            "{text:?} gave {:?}",
            Title::parse(&within)
        );
    }
}

#[test]
fn keeps_scripts_and_emoji_whole() {
    for text in ["اجتماع", "𝕏𝕐", "می‌خواهم", "👩‍👩‍👧", "क्‍ष", "日本語"]
    {
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
fn no_user_is_named_like_the_platform() {
    for text in ["system", " system "] {
        assert!(matches!(UserId::parse(text), Err(TextProblem::Malformed(_))), "{text:?}");
    }
    assert!(UserId::parse("systems").is_ok());
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
