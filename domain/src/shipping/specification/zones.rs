//! Which zone a place is in.

use super::{place, zone};
use crate::shipping::{Zone, zone::zone_of};
use proptest::prelude::*;

fn winner(text: &str, zones: &[Zone]) -> Option<String> {
    zone_of(&place(text), zones).map(|zone| zone.id().to_string())
}

#[test]
fn each_kind_of_rule() {
    let zones = [
        zone("munich", "DE:80331..81929"),
        zone("bavaria", "DE-BY"),
        zone("germany", "DE"),
        zone("highlands", "GB:IV GB:PA20..PA49 GB:HS"),
        zone("britain", "GB"),
        zone("ain", "FR:01000..01999"),
        zone("world", "*"),
    ];
    for (text, expected) in [
        ("DE/BY/80331", "munich"),
        ("DE/by/90402", "bavaria"),
        ("DE/DE-BY", "bavaria"),
        ("DE/Bayern/90402", "germany"),
        ("DE/HE/60311", "germany"),
        ("DE//no code", "germany"),
        ("GB//iv27 4hb", "highlands"),
        ("GB//PA34 4AB", "highlands"),
        ("GB//PA3 4AB", "britain"),
        ("GB//HS1 2AA", "highlands"),
        ("GB//HX1 2AA", "britain"),
        ("FR//01 500", "ain"),
        ("FR//1500", "world"),
        ("BR", "world"),
        ("QQ", "world"),
    ] {
        assert_eq!(winner(text, &zones).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(winner("BR", &zones[..6]), None);
}

#[test]
fn ties_have_one_winner() {
    for (what, text, zones, expected) in [
        (
            "of two countries' zones the one with fewer of them",
            "DE",
            [("a", "DE FR IT"), ("b", "DE")],
            "b",
        ),
        (
            "of two regions' zones the one with fewer of them",
            "US/CA",
            [("a", "US-CA US-NV"), ("b", "US-CA")],
            "b",
        ),
        (
            "whatever else the narrower zone has",
            "DE//80331",
            [("a", "DE:8"), ("b", "FR * DE:80 DE-BE")],
            "b",
        ),
        (
            "of a zone's own rules the narrowest counts",
            "DE/BY/80331",
            [("a", "DE:803"), ("b", "* DE DE-BY DE:8 DE:80331")],
            "b",
        ),
        ("then the first id", "DE", [("b", "DE"), ("a", "DE")], "a"),
        (
            "a prefix and the range that is the same",
            "DE//80331",
            [("b", "DE:80"), ("a", "DE:80000..80999")],
            "a",
        ),
        (
            "of overlapping ranges the one with fewer codes",
            "DE//80500",
            [("a", "DE:80000..80600"), ("b", "DE:80400..80999")],
            "b",
        ),
        ("and of the rest", "BR", [("B", "*"), ("a", "*")], "B"),
    ] {
        let [(one, its), (other, others)] = zones;
        let zones = [zone(one, its), zone(other, others)];
        assert_eq!(winner(text, &zones).as_deref(), Some(expected), "{what}");
        let turned = [zone(other, others), zone(one, its)];
        assert_eq!(winner(text, &turned).as_deref(), Some(expected), "{what}");
    }
}

#[test]
fn an_archived_zone_takes_no_place() {
    let zones = [zone("munich", "DE:80").in_use(false), zone("germany", "DE")];
    assert_eq!(winner("DE//80331", &zones).as_deref(), Some("germany"));
    let restored = zones[0].clone().in_use(true);
    let zones = [restored, zones[1].clone()];
    assert_eq!(winner("DE//80331", &zones).as_deref(), Some("munich"));
}

/// A place, the rules that take it from the narrowest to the widest, and rules
/// that do not.
const LADDERS: &[(&str, &[&str], &[&str])] = &[
    (
        "DE/BY/80331",
        &[
            "DE:80331",
            "DE:80330..80335",
            "DE:8033",
            "DE:803",
            "DE:80..80",
            "DE:79000..80999",
            "DE:8",
            "DE:01000..99999",
            "DE-BY",
            "DE",
            "*",
        ],
        &[
            "DE:80332",
            "DE:81",
            "DE:80332..81929",
            "DE-BE",
            "AT",
            "FR:80331",
        ],
    ),
    (
        "GB//SW1A 1AA",
        &[
            "GB:SW1A_1AA",
            "GB:SW1A_1A",
            "GB:SW1A_1",
            "GB:SW1A",
            "GB:SW1A..SW1H",
            "GB:SW1",
            "GB:SW1..SW9",
            "GB:SW",
            "GB:SE..SW",
            "GB",
            "*",
        ],
        &[
            "GB:S",
            "GB:SW11",
            "GB:SW1B",
            "GB:SW2..SW20",
            "GB-ENG",
            "JE:SW1",
            "IE",
        ],
    ),
    (
        "CA/ON/k1a-0b6",
        &[
            "CA:K1A0B6",
            "CA:K1A_0",
            "CA:K1A",
            "CA:K1A..K1Z",
            "CA:K1",
            "CA:K",
            "CA-ON",
            "CA",
            "*",
        ],
        &["CA:K1B", "CA:K1A1", "CA:L", "CA-QC", "US-ON"],
    ),
    (
        "US/US-CA/90210-1234",
        &[
            "US:902101234",
            "US:90210",
            "US:90200..90299",
            "US:9",
            "US-CA",
            "US",
            "*",
        ],
        &["US:90211", "US:00210", "US-NV", "CA"],
    ),
];

proptest! {
    #[test]
    fn the_most_specific_zone_wins(
        (text, rules, others) in prop::sample::select(LADDERS),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        strangers in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        names in Just((0..10).map(|n| format!("z{n}")).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let taking = chosen.iter().map(|index| index.get(rules));
        let narrowest = taking.clone().min_by_key(|rule| rules.iter().position(|r| r == *rule));
        let strangers = strangers.iter().map(|index| index.get(others));
        let named: Vec<(&String, &str)> = names.iter().zip(taking.chain(strangers).copied()).collect();
        let mut zones: Vec<Zone> = named.iter().map(|(name, rule)| zone(name, rule)).collect();
        zones.sort_by(|a, b| a.id().cmp(b.id()));
        let expected = named.iter().filter(|(_, rule)| Some(rule) == narrowest);
        let expected = expected.map(|(name, _)| (*name).clone()).min();
        prop_assert_eq!(winner(text, &zones), expected);
    }

    #[test]
    fn a_zone_with_rules_for_others_stays_as_narrow(
        (text, rules, others) in prop::sample::select(LADDERS), at: prop::sample::Index,
    ) {
        let rule = at.get(rules);
        let postal = rule.contains(':');
        let more: Vec<&str> = others.iter().filter(|rule| rule.contains(':')).copied().collect();
        let both = zone("a", &format!("{rule} {}", more.join(" ")));
        let alone = zone("a", rule).specificity(&place(text));
        prop_assert_eq!(both.specificity(&place(text)), alone, "{}", postal);
    }
}
