//! Migrations only expand: a release works on what the next one has made of the
//! databases, so that both may run side by side.

use anyhow::{Context as _, Result, ensure};
use std::{fs, path::PathBuf};
use tests::root;

/// What contracts, or changes what older releases know, as the first words of a
/// statement or of an action of ALTER TABLE; columns and conditions that are added
/// are looked at by their words.
const CONTRACTING: [&str; 9] = [
    "DROP ",
    "TRUNCATE",
    "DELETE ",
    "UPDATE ",
    "RENAME ",
    "ALTER COLUMN",
    "ADD CONSTRAINT ",
    "ADD FOREIGN ",
    "ADD EXCLUDE ",
];
/// The same, within a block.
const IN_BLOCKS: [&str; 4] = ["DROP TABLE", "TRUNCATE", "DELETE FROM", "UPDATE "];
/// What stands between ALTER TABLE and the table.
const BEFORE_TABLE: [&str; 2] = ["IF EXISTS ", "ONLY "];
/// Of a column or a condition that is added: what rows of older releases may not
/// fulfil.
const DEMANDING: [&str; 3] = ["UNIQUE", "PRIMARY", "CHECK"];

/// What does not expand, or may not, and is there all the same: database, file,
/// the beginning of what stands there (in capitals, without its texts), and why it
/// does no harm.
const ALLOWED: [(&str, &str, &str, &str); 6] = [
    (
        "ops",
        "0007_webhooks.sql",
        "DROP INDEX WEBHOOK_DELIVERIES_MISSED",
        "an index: whoever reads by it reads without it",
    ),
    (
        "ops",
        "0011_people.sql",
        "ADD COLUMN KIND TEXT",
        "rows of older releases have its default, which is one of those that it may be",
    ),
    (
        "ops",
        "0011_people.sql",
        "ADD CHECK ((KIND = '') = (ABOUT IS NULL))",
        "rows of older releases have the defaults of both columns, which agree",
    ),
    (
        "ops",
        "0012_rights.sql",
        "UPDATE API_KEYS SET SCOPES",
        "older releases knew one scope for all of these, and do not look for others",
    ),
    (
        "views",
        "0003_builds.sql",
        "UPDATE PROJECTIONS SET TABLES",
        "a column of this very migration",
    ),
    (
        "views",
        "0003_builds.sql",
        "DROP TABLE ORDERS",
        "in a database that no projector has worked on",
    ),
];

#[derive(Debug, PartialEq, Eq)]
struct Found {
    database: String,
    file: String,
    statement: String,
}

pub fn each_of_them_only_expands() -> Result<()> {
    let mut used = [false; ALLOWED.len()];
    let mut contracting = Vec::new();
    let mut files = 0;
    for database in ["events", "views", "ops"] {
        for path in migrations(database)? {
            files += 1;
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            for statement in contracting_in(&fs::read_to_string(&path)?) {
                let allowed = ALLOWED.iter().position(|(of, name, beginning, _)| {
                    *of == database && *name == file && statement.starts_with(beginning)
                });
                match allowed {
                    Some(place) => used[place] = true,
                    None => contracting.push(Found {
                        database: database.to_owned(),
                        file: file.clone().into_owned(),
                        statement,
                    }),
                }
            }
        }
    }
    ensure!(files >= 23, "{files} migrations");
    ensure!(
        contracting.is_empty(),
        "migrations only expand; what contracts is for a release after the last one that needs \
         it, and is named in {}: {contracting:#?}",
        file!()
    );
    let idle = ALLOWED.iter().zip(used).filter(|(_, used)| !used);
    let idle: Vec<_> = idle.map(|(allowed, _)| allowed).collect();
    ensure!(idle.is_empty(), "nothing to allow: {idle:?}");
    Ok(())
}

pub fn what_does_not_expand_is_found() -> Result<()> {
    let found = |sql: &str| contracting_in(sql).len();
    for one in [
        "ALTER TABLE orders DROP COLUMN note;",
        "alter table orders\n    rename column a to b;",
        "ALTER TABLE orders ALTER COLUMN total TYPE integer;",
        "ALTER TABLE orders ADD COLUMN note text NOT NULL;",
        "ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b bigint NOT NULL CHECK (b > 0);",
        "ALTER TABLE ONLY orders DROP COLUMN note;",
        "ALTER TABLE IF EXISTS orders RENAME COLUMN a TO b;",
        "ALTER TABLE IF EXISTS ONLY public.orders * DROP note;",
        "ALTER TABLE ONLY orders ADD CONSTRAINT some CHECK (total > 0);",
        "ALTER TABLE orders ADD note text NOT NULL;",
        "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text NOT NULL;",
        "ALTER TABLE orders ADD COLUMN a text UNIQUE, ADD COLUMN b text;",
        "ALTER TABLE orders ADD COLUMN a bigint NOT NULL DEFAULT 0 CHECK (a > 0);",
        "ALTER TABLE orders ADD COLUMN a uuid DEFAULT gen_random_uuid() PRIMARY KEY;",
        "ALTER TABLE ONLY orders ADD COLUMN a bigint CONSTRAINT some CHECK(a > 0);",
        "DO $$ BEGIN\n  DROP TABLE orders; END $$;",
        "CREATE UNIQUE INDEX one ON orders (number);",
        "DELETE FROM orders;",
        "UPDATE orders SET total = 0;",
    ] {
        ensure!(found(one) == 1, "{one}: {:?}", contracting_in(one));
    }
    for none in [
        "-- DROP TABLE orders;\nCREATE TABLE a (b text NOT NULL);",
        "CREATE TABLE a (b uuid REFERENCES c ON DELETE CASCADE);",
        "ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT 'DROP TABLE c', ADD COLUMN d text;",
        "ALTER TABLE ONLY a ADD COLUMN default_check text, ADD unique_b numeric(9, 2);",
        "ALTER TABLE IF EXISTS a ADD COLUMN IF NOT EXISTS b text, ADD c text NOT NULL DEFAULT '';",
        "ALTER TABLE a ADD COLUMN b bigint NOT NULL GENERATED ALWAYS AS (c + 1) STORED;",
        "CREATE INDEX a_b ON a (b);",
        "CREATE TABLE a (b text); CREATE UNIQUE INDEX a_b ON a (b);",
    ] {
        ensure!(found(none) == 0, "{none}: {:?}", contracting_in(none));
    }
    Ok(())
}

fn migrations(database: &str) -> Result<Vec<PathBuf>> {
    let folder = root().join("infra/migrations").join(database);
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The parts of a migration that do not expand, each in one line and in capitals.
fn contracting_in(sql: &str) -> Vec<String> {
    let text = bare(sql);
    let statements = || {
        let statements = text.split(';');
        statements.map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let made: Vec<String> = statements()
        .filter_map(|s| table(&s, "CREATE TABLE "))
        .collect();
    let is_new = |statement: &str| {
        let on = statement.find(" ON ").map(|place| &statement[place + 1..]);
        on.and_then(|on| table(on, "ON "))
            .is_some_and(|table| made.contains(&table))
    };
    let contracts = |part: &String| {
        if part.starts_with("CREATE UNIQUE INDEX") {
            return !is_new(part);
        }
        CONTRACTING.iter().any(|word| part.starts_with(word)) || is_demanding(part)
    };
    statements()
        .flat_map(|s| parts(&s))
        .filter(contracts)
        .collect()
}

/// Whether it adds something that a row of an older release may not do for: a column
/// (COLUMN may be left out), or a condition.
fn is_demanding(part: &str) -> bool {
    let Some(column) = part.strip_prefix("ADD ") else {
        return false;
    };
    let words: Vec<&str> = column
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|some| some == wanted);
    let has_value = has(&["DEFAULT"]) || has(&["GENERATED"]);
    (has(&["NOT", "NULL"]) && !has_value) || DEMANDING.iter().any(|word| has(&[*word]))
}

/// The name after `words`, with which the text begins.
fn table(text: &str, words: &str) -> Option<String> {
    let name = text.strip_prefix(words)?.split([' ', '(']).next()?;
    Some(name.to_owned())
}

/// A statement, the actions of an ALTER TABLE, or what contracts in a block.
fn parts(statement: &str) -> Vec<String> {
    if statement.starts_with("DO ") || statement.starts_with("BEGIN ") {
        let place = IN_BLOCKS.iter().find_map(|word| statement.find(word));
        return place
            .map(|place| statement[place..].to_owned())
            .into_iter()
            .collect();
    }
    let Some(mut altered) = statement.strip_prefix("ALTER TABLE ") else {
        return vec![statement.to_owned()];
    };
    for words in BEFORE_TABLE {
        altered = altered.strip_prefix(words).unwrap_or(altered);
    }
    // The name may have its descendants with it: a star.
    let actions = altered.split_once(' ').map_or("", |(_, actions)| actions);
    let actions = actions.trim_start_matches("* ");
    let (mut depth, mut parts) = (0_usize, vec![String::new()]);
    for letter in actions.chars() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(last) if letter != ',' || depth > 0 => last.push(letter),
            _ => parts.push(String::new()),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// SQL in capitals, without comments and without what stands in its texts: that is
/// no statement.
fn bare(sql: &str) -> String {
    let lines = sql.lines().map(|line| {
        let end = line.find("--").unwrap_or(line.len());
        &line[..end]
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let outside = text.split('\'').step_by(2).collect::<Vec<_>>();
    outside.join("''").to_uppercase()
}
