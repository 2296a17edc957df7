//! What a mapping can fill.

/// What the text of a field is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Minor units, from a decimal of major ones.
    Amount,
    /// The same, with as many digits as there are.
    Price,
    Quantity,
    Time,
    Country,
    Currency,
}

macro_rules! fields {
    ($($field:ident $name:literal $kind:ident),+ $(,)?) => {
        /// A field of an order or of a line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            $($field),+
        }

        impl Field {
            /// All of them; those of a line come last.
            pub const ALL: &[Self] = &[$(Self::$field),+];

            /// As mappings call it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name),+
                }
            }

            /// What it is read as.
            pub const fn kind(self) -> Kind {
                match self {
                    $(Self::$field => Kind::$kind),+
                }
            }
        }
    };
}
fields! {
    ExternalId "external_id" Text,
    Currency "currency" Currency,
    PlacedAt "placed_at" Time,
    OrderKind "kind" Text,
    CustomerId "customer_id" Text,
    CustomerName "customer_name" Text,
    CustomerEmail "customer_email" Text,
    ShippingMethod "shipping_method" Text,
    ShippingName "shipping_name" Text,
    ShippingAmount "shipping_amount" Amount,
    ShippingTax "shipping_tax" Amount,
    BillToName "bill_to_name" Text,
    BillToCompany "bill_to_company" Text,
    BillToLine1 "bill_to_line1" Text,
    BillToLine2 "bill_to_line2" Text,
    BillToCity "bill_to_city" Text,
    BillToRegion "bill_to_region" Text,
    BillToPostalCode "bill_to_postal_code" Text,
    BillToCountry "bill_to_country" Country,
    BillToPhone "bill_to_phone" Text,
    ShipToName "ship_to_name" Text,
    ShipToCompany "ship_to_company" Text,
    ShipToLine1 "ship_to_line1" Text,
    ShipToLine2 "ship_to_line2" Text,
    ShipToCity "ship_to_city" Text,
    ShipToRegion "ship_to_region" Text,
    ShipToPostalCode "ship_to_postal_code" Text,
    ShipToCountry "ship_to_country" Country,
    ShipToPhone "ship_to_phone" Text,
    Tags "tags" Text,
    PaidAmount "paid_amount" Amount,
    PaidAt "paid_at" Time,
    PaymentProvider "payment_provider" Text,
    PaymentReference "payment_reference" Text,
    RefundedAmount "refunded_amount" Amount,
    RefundedAt "refunded_at" Time,
    RefundReason "refund_reason" Text,
    ShippedAt "shipped_at" Time,
    DeliveredAt "delivered_at" Time,
    Carrier "carrier" Text,
    TrackingNumber "tracking_number" Text,
    TrackingUrl "tracking_url" Text,
    CancelledAt "cancelled_at" Time,
    CancelReason "cancel_reason" Text,
    Sku "sku" Text,
    Name "name" Text,
    Quantity "quantity" Quantity,
    UnitPrice "unit_price" Price,
    Tax "tax" Amount,
    Discount "discount" Amount,
}

impl Field {
    /// Those without which nothing is an order.
    pub const NEEDED: &[Self] = &[
        Self::ExternalId,
        Self::Currency,
        Self::PlacedAt,
        Self::Sku,
        Self::Quantity,
        Self::UnitPrice,
    ];

    /// The field of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }

    /// Whether each row has one of its own.
    pub fn is_of_line(self) -> bool {
        self >= Self::Sku
    }
}
