/** How to reach a database, in the shape `pg` takes. */
export interface Address {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** The address as a connection string. The servers here speak on 127.0.0.1 only and have no certificate. */
export function urlOf({ user, password, host, port, database }: Address): string {
  const [name, secret, where] = [user, password, database].map(encodeURIComponent);
  return `postgres://${name}:${secret}@${host}:${port}/${where}?sslmode=disable`;
}
