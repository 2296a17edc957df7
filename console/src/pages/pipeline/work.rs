//! Work beside requests: schedules, and jobs that run or have failed for good.

use super::{
    PAGE,
    told::{Job, List, Schedule},
};
use crate::{
    Failure, Posted, Visit,
    layout::{Part, badge, missing, short, table_box},
    moment,
    session::Notice,
};
use actix_web::{HttpResponse, web::Path};
use futures_util::future::join;
use maud::{Markup, html};
use reqwest::Method;

/// Jobs of each state that are told.
const MOST: u8 = 10;

/// Jobs that run, and those that are dead.
pub struct Jobs {
    running: List<Job>,
    dead: List<Job>,
}

impl Jobs {
    /// Asks for them.
    ///
    /// # Errors
    /// Whatever the API says instead.
    pub async fn of(visit: &Visit) -> Result<Self, Failure> {
        let in_state = |state: &str| {
            let jobs = visit.api.get(&["admin", "jobs"]);
            jobs.param("state", state).param("limit", MOST).read()
        };
        let (running, dead) = join(in_state("running"), in_state("dead")).await;
        Ok(Self {
            running: running?,
            dead: dead?,
        })
    }
}

/// The part of the pipeline's page.
pub fn section(visit: &Visit, schedules: &Part<List<Schedule>>, jobs: &Part<Jobs>) -> Markup {
    html! {
        section #work {
            h2 { "Work beside requests" }
            div.card {
                h3 { "Schedules" }
                (schedules.shown(|schedules| table_of_schedules(visit, &schedules.data)))
            }
            @match jobs {
                Part::Told(jobs) => {
                    (of_jobs(visit, "Running jobs", "Nobody works on anything.", &jobs.running))
                    (of_jobs(visit, "Dead jobs", "None has failed for good.", &jobs.dead))
                }
                Part::Missing(failure) => {
                    div.card { h3 { "Jobs" } (missing(failure)) }
                }
            }
        }
    }
}

fn table_of_schedules(visit: &Visit, schedules: &[Schedule]) -> Markup {
    table_box(
        "Schedules",
        &html! {
            table.cards {
                thead { tr {
                    th scope="col" { "Schedule" }
                    th scope="col" { "When" }
                    th scope="col" { "Next" }
                    th scope="col" { "Last" }
                    th scope="col" { "Action" }
                } }
                tbody { @for schedule in schedules { (row(visit, schedule)) } }
            }
        },
    )
}

fn row(visit: &Visit, schedule: &Schedule) -> Markup {
    let pauses = if schedule.paused { "resume" } else { "pause" };
    html! {
        tr data-entry {
            td data-label="Schedule" { (schedule.name) }
            td data-label="When" { (when(schedule)) }
            td data-label="Next" {
                @if let Some(off) = &schedule.off { (badge("off", "")) p.hint { (off) } }
                @else if schedule.paused { (badge("paused", "warm")) }
                @else { (moment::told(&schedule.next_run_at)) }
            }
            td data-label="Last" {
                @if let Some(state) = &schedule.last_state { (badge(state, class(state))) " " }
                @if let Some(at) = &schedule.last_finished_at { (moment::told(at)) }
                @if let Some(error) = &schedule.last_error { p.hint { (error) } }
            }
            td data-label="Action" {
                div.row {
                    @for action in ["run", pauses] {
                        @if visit.may("POST", &format!("/v1/admin/schedules/{{name}}/{action}")) {
                            (visit.form(&schedule_path(&schedule.name, action), "row", &html! {
                                button type="submit" { (button(action)) }
                            }))
                        }
                    }
                }
            }
        }
    }
}

fn button(action: &str) -> &'static str {
    match action {
        "pause" => "Pause",
        "resume" => "Resume",
        _ => "Run now",
    }
}

/// When a schedule is due, as it was written.
fn when(schedule: &Schedule) -> String {
    match (&schedule.cron, schedule.every_seconds) {
        (Some(cron), _) => format!("{cron} ({})", schedule.time_zone),
        (None, Some(seconds)) => format!("every {seconds} s"),
        (None, None) => String::new(),
    }
}

fn class(state: &str) -> &'static str {
    match state {
        "done" => "good",
        "dead" => "bad",
        _ => "",
    }
}

fn schedule_path(name: &str, action: &str) -> String {
    let name = url::form_urlencoded::byte_serialize(name.as_bytes());
    format!(
        "{}/schedules/{}/{action}",
        PAGE.path,
        name.collect::<String>()
    )
}

fn of_jobs(visit: &Visit, title: &str, none: &str, jobs: &List<Job>) -> Markup {
    html! {
        div.card {
            h3 { (title) }
            @if jobs.data.is_empty() {
                p.hint { (none) }
            } @else {
                (table_box(title, &html! {
                    table.cards {
                        thead { tr {
                            th scope="col" { "Job" }
                            th scope="col" { "What" }
                            th scope="col" { "Due" }
                            th.right scope="col" { "Tries" }
                            th scope="col" { "How far" }
                            th scope="col" { "Action" }
                        } }
                        tbody { @for job in &jobs.data { (of_job(visit, job)) } }
                    }
                }))
                @if jobs.has_more { p.hint { "There are more: " code { "GET /v1/admin/jobs" } " has all." } }
            }
        }
    }
}

fn of_job(visit: &Visit, job: &Job) -> Markup {
    let action = if job.state == "dead" {
        "retry"
    } else {
        "cancel"
    };
    let progress = job
        .progress
        .as_ref()
        .and_then(|progress| progress.text.as_ref());
    html! {
        tr data-entry {
            td data-label="Job" { (short(&job.id)) " " span.hint { (job.queue) } }
            td data-label="What" { (job.kind) }
            td data-label="Due" { (moment::told(&job.run_at)) }
            td.right data-label="Tries" { (job.attempts) " of " (job.max_attempts) }
            td data-label="How far" {
                @if let Some(progress) = progress { p { (progress) } }
                @if let Some(error) = &job.last_error { p.hint { (error) } }
            }
            td data-label="Action" {
                @if visit.may("POST", &format!("/v1/admin/jobs/{{id}}/{action}")) {
                    (visit.form(&format!("{}/jobs/{}/{action}", PAGE.path, job.id), "row", &html! {
                        button type="submit" { @if action == "retry" { "Retry" } @else { "Cancel" } }
                    }))
                }
            }
        }
    }
}

/// Runs, pauses or resumes a schedule.
pub async fn schedule(posted: Posted, at: Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let (name, action) = at.into_inner();
    let done = match action.as_str() {
        "run" => format!("{name} runs now."),
        "pause" => format!("{name} is paused."),
        "resume" => format!("{name} goes on."),
        _ => return Err(Failure::Unknown),
    };
    let asked = ["admin", "schedules", name.as_str(), action.as_str()];
    act(&posted.visit, &asked, done).await
}

/// Retries or cancels a job.
pub async fn job(posted: Posted, at: Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let (id, action) = at.into_inner();
    let done = match action.as_str() {
        "retry" => "The job is tried again.",
        "cancel" => "The job is told to end.",
        _ => return Err(Failure::Unknown),
    };
    let asked = ["admin", "jobs", id.as_str(), action.as_str()];
    act(&posted.visit, &asked, done.to_owned()).await
}

async fn act(visit: &Visit, asked: &[&str], done: String) -> Result<HttpResponse, Failure> {
    let sent = visit.api.ask(Method::POST, asked).send().await;
    let notice = match sent {
        Ok(_) => Notice::done(done),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(PAGE.path, &notice))
}
