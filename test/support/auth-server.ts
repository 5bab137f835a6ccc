import pg from 'pg';
import type { TestDatabase } from './database.ts';

/** What the auth server does when somebody signs up: a transaction as supabase_auth_admin. */
export interface SignUps {
  /** `db`, but its users are inserted by the auth server: for `insertUser`. */
  readonly db: TestDatabase;
  /** Warnings that reached the client since the last look. */
  warnings(): string[];
  end(): Promise<void>;
}

/** `options` as for psql: `-c statement_timeout=300ms`. */
export function authServer(db: TestDatabase, options = ''): SignUps {
  const admin = new pg.Pool({ connectionString: db.urlFor('supabase_auth_admin'), max: 1, options });
  let said: string[] = [];
  admin.on('error', () => {});
  admin.on('connect', (client) => {
    client.on('error', () => {});
    client.on('notice', ({ message, severity }) => {
      if (severity === 'WARNING') said.push(message ?? '');
    });
  });
  return {
    db: { ...db, admin },
    warnings() {
      const all = said;
      said = [];
      return all;
    },
    end: () => admin.end(),
  };
}
