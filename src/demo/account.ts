import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Fault } from '../fault.ts';

const exec = promisify(execFile);

/** A user of this machine, by number. */
export interface Account {
  uid: number;
  gid: number;
}

/** Users that own nothing worth protecting, in order of preference. */
const UNPRIVILEGED = ['nobody', 'postgres', 'daemon'];

/**
 * The account that PostgreSQL runs as: null means "as we are". PostgreSQL refuses to run as root, so root gets the first
 * unprivileged user that exists. Throws a Fault when there is none.
 */
export async function serverAccount(uid: number | undefined = process.getuid?.()): Promise<Account | null> {
  if (uid !== 0) return null;
  for (const name of UNPRIVILEGED) {
    const account = await lookUp(name);
    if (account) return account;
  }
  throw new Fault(
    'no_unprivileged_user',
    `PostgreSQL does not run as root, and none of ${UNPRIVILEGED.join(', ')} exists`,
    {
      fix: 'run this as an ordinary user',
    },
  );
}

/** `id` asks the system's own user database, which on some machines is more than /etc/passwd. */
async function lookUp(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([exec('id', ['-u', name]), exec('id', ['-g', name])]);
    const account = { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    return account.uid > 0 && Number.isInteger(account.gid) ? account : null;
  } catch {
    return null;
  }
}
