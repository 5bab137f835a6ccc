import { until } from './app.ts';
import type { TestDatabase } from './database.ts';

/** Rows on their way into a table, held for as long as a test needs them to be on their way. */
export interface Gate {
  /** Lets every row pass, those that wait and those to come. */
  open(): Promise<void>;
  /** Holds the rows to come again. */
  close(): Promise<void>;
  /** Waits until so many statements stand at the gate. */
  crowded(statements: number): Promise<void>;
}

/**
 * Puts a gate in front of a table: a BEFORE INSERT trigger that waits for a row in `public.gate`. A lock would end in
 * lock_timeout after 5 s; a gate may stay closed for the 15 s of statement_timeout.
 */
export async function gateBefore(db: TestDatabase, table: string): Promise<Gate> {
  await db.queryAsPostgres(`
    create table public.gate (open boolean);
    create function public.pass_gate() returns trigger language plpgsql volatile as $$
    begin
      while not exists (select from public.gate) loop perform pg_catalog.pg_sleep(0.02); end loop;
      return new;
    end $$;
    create trigger a_gate before insert on ${table} for each row execute function public.pass_gate()`);
  return {
    open: async () => void (await db.query('insert into public.gate values (true)')),
    close: async () => void (await db.query('delete from public.gate')),
    crowded: (statements) =>
      until(
        db,
        `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' having count(*) >= $1`,
        [statements],
      ),
  };
}
