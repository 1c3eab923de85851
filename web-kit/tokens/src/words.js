// The closed sets of the server. A token that names anything else is refused, so it is not made.
// tenancy's test `node_knows_the_same_words` compares them.

export const OPERATIONS = Object.freeze(["read", "write"]);

export const SUBJECTS = Object.freeze([
  "company",
  "members",
  "sessions",
  "tokens",
  "customers",
  "contacts",
  "properties",
  "equipment",
  "jobs",
  "visits",
  "assignments",
  "notes",
  "checklists",
  "time_entries",
  "files",
  "messages",
  "price_book",
  "estimates",
  "invoices",
  "payments",
  "reports",
  "events",
  "audit",
  "tasks",
]);
