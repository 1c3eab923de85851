export type Operation = "read" | "write";

export type Subject =
  | "company"
  | "members"
  | "sessions"
  | "tokens"
  | "customers"
  | "contacts"
  | "properties"
  | "equipment"
  | "jobs"
  | "visits"
  | "assignments"
  | "notes"
  | "checklists"
  | "time_entries"
  | "files"
  | "messages"
  | "price_book"
  | "estimates"
  | "invoices"
  | "payments"
  | "reports"
  | "events"
  | "audit"
  | "tasks";

export const OPERATIONS: readonly Operation[];
export const SUBJECTS: readonly Subject[];

/**
 * What the narrower token may still do. What is empty or absent is not narrowed.
 *
 * Jobs, invoices and customers together are one list: the token reaches what hangs off any of them.
 */
export interface Narrowing {
  jobs?: readonly string[];
  invoices?: readonly string[];
  customers?: readonly string[];
  operations?: readonly Operation[];
  subjects?: readonly Subject[];
  /** The first instant at which the token is refused. Fractions of a second are cut off. */
  expiresAt?: Date | string;
}

/** Public root keys by id: 64 hex digits each. They are no secret; the deployment publishes them. */
export type RootKeys = Readonly<Record<number, string>>;

/** Why a token was not narrowed. */
export class NarrowingError extends Error {}

/** A token that may do no more than `token`, and no more than `narrowing` says. Works offline. */
export function attenuate(token: string, narrowing: Narrowing, rootKeys: RootKeys): string;
