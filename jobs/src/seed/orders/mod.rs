//! The orders of a shop, each made of its number alone, whenever it is asked for.

mod lives;
mod past;
mod sale;

pub use sale::Sale;

use super::{
    Arguments, SeedError,
    calendar::Calendar,
    draw::{Draw, Of},
    line::{Line, Story},
    shop::Shop,
};

/// Everything that there is to say of a shop, line by line.
pub struct Generator {
    arguments: Arguments,
    set: String,
    shop: Shop,
    calendar: Calendar,
}

impl Generator {
    /// What these arguments make.
    ///
    /// # Errors
    /// Arguments that make no shop.
    pub fn new(arguments: Arguments) -> Result<Self, SeedError> {
        arguments.check()?;
        Ok(Self {
            set: arguments.set(),
            shop: Shop::new(arguments.products)?,
            calendar: Calendar::new(arguments.until, arguments.days),
            arguments,
        })
    }

    /// What begins the ids of its orders.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// Platforms, zones and methods.
    ///
    /// # Errors
    /// A line that cannot be written, as of all that follow.
    pub fn foundations(&self) -> Result<Vec<Line>, SeedError> {
        self.shop.foundations()
    }

    /// The catalogue.
    pub fn products(&self) -> impl Iterator<Item = Result<Line, SeedError>> + Send {
        (0..self.arguments.products).map(|index| self.shop.product(index))
    }

    /// Orders that came to their end, or nearly, as imports of what happened.
    pub fn past(&self) -> impl Iterator<Item = Result<Line, SeedError>> + Send {
        let past = self.arguments.orders - self.arguments.lived();
        (0..past).map(|index| past::line(self, index))
    }

    /// Orders of the last days, step by step.
    pub fn lived(&self) -> impl Iterator<Item = Result<Story, SeedError>> + Send {
        let lived = self.arguments.lived();
        let first = self.arguments.orders - lived;
        (0..lived).map(move |number| lives::story(self, first + number, number))
    }

    /// Order number `index`.
    fn sale(&self, index: u64, draw: &mut Draw) -> Result<Sale<'_>, SeedError> {
        Sale::drawn(self, index, draw)
    }

    fn draw(&self, of: Of, index: u64) -> Draw {
        Draw::new(self.arguments.seed, of, index)
    }
}
