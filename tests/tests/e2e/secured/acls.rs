//! Rules of `deploy/kafka/acls.tsv`, told to a broker (`CreateAcls`, version 1:
//! <https://kafka.apache.org/protocol.html#The_Messages_CreateAcls>).

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// One principal may do one thing.
struct Rule<'a> {
    principal: &'a str,
    resource: u8,
    name: String,
    pattern: u8,
    operation: u8,
}

/// Makes every rule of the file for this prefix, its example too, at a broker that
/// takes them from anybody.
pub async fn apply(broker: &str, prefix: &str) -> Result<usize> {
    let file = std::fs::read_to_string(tests::root().join("deploy/kafka/acls.tsv"))?;
    let lines = file
        .lines()
        .map(|line| line.strip_prefix("#\t").unwrap_or(line));
    let lines = lines.filter(|line| !line.starts_with('#'));
    let rules: Vec<Rule<'_>> = lines
        .map(|line| read(line, prefix).with_context(|| line.to_owned()))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut body = vec![0, 30, 0, 1, 0, 0, 0, 7, 0, 4];
    body.extend(b"acls");
    body.extend(u32::try_from(rules.len())?.to_be_bytes());
    for rule in &rules {
        body.push(rule.resource);
        text(&mut body, &rule.name)?;
        body.push(rule.pattern);
        text(&mut body, &format!("User:{}", rule.principal))?;
        text(&mut body, "*")?;
        body.extend([rule.operation, 3]);
    }
    let mut connection = TcpStream::connect(broker).await?;
    connection.write_u32(u32::try_from(body.len())?).await?;
    connection.write_all(&body).await?;
    let length = connection.read_u32().await?;
    let mut answer = vec![0; length as usize];
    connection.read_exact(&mut answer).await?;
    // The request's number, a throttle time, and how many rules.
    let mut results = answer.get(12..).context("a short answer")?;
    for rule in &rules {
        let (code, rest) = results.split_at_checked(2).context("a short answer")?;
        ensure!(code == [0, 0], "{} {}: {code:?}", rule.principal, rule.name);
        let (length, rest) = rest.split_at_checked(2).context("a short answer")?;
        let length = i16::from_be_bytes([length[0], length[1]]);
        results = &rest[usize::try_from(length).unwrap_or(0)..];
    }
    Ok(rules.len())
}

fn read<'a>(line: &'a str, prefix: &str) -> Result<Vec<Rule<'a>>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [principal, resource, name, pattern, operations] = columns[..] else {
        bail!("five columns are wanted");
    };
    let resource = code(
        &["any", "topic", "group", "cluster", "transactional-id"],
        resource,
    )?;
    let pattern = code(&["any", "match", "literal", "prefixed"], pattern)?;
    let operations = operations.split(',').map(|operation| {
        let known = [
            "Any",
            "All",
            "Read",
            "Write",
            "Create",
            "Delete",
            "Alter",
            "Describe",
            "ClusterAction",
            "DescribeConfigs",
            "AlterConfigs",
        ];
        Ok(Rule {
            principal,
            resource,
            name: name.replace('@', prefix),
            pattern,
            operation: code(&known, operation)?,
        })
    });
    operations.collect()
}

/// Kafka counts from "unknown", which is zero.
fn code(known: &[&str], name: &str) -> Result<u8> {
    let found = known.iter().position(|one| *one == name);
    Ok(u8::try_from(found.context("unknown")? + 1)?)
}

fn text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    out.extend(u16::try_from(text.len())?.to_be_bytes());
    out.extend(text.as_bytes());
    Ok(())
}
