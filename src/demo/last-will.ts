import { spawn } from 'node:child_process';

/** Something that happens when this process is gone, however it ended. */
export interface LastWill {
  revoke(): void;
}

/**
 * Ends the server and removes its folder if this process dies without doing so (SIGKILL, a crash, process.exit): a shell
 * waits on a pipe whose other end only we hold. Not on Windows, which has no `sh`: there a killed demo leaves its server.
 * Before the server runs there is none yet: SIGKILL during initdb, about a second, leaves the folder behind.
 */
export function writeLastWill(pid: number, folder: string): LastWill {
  if (process.platform === 'win32') return { revoke() {} };
  const script = 'read -r _; kill -QUIT "$1"; sleep 2; kill -KILL "$1"; rm -rf "$2"';
  const executor = spawn('/bin/sh', ['-c', script, 'userdrift-demo', String(pid), folder], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // A machine without a shell has no last will; and nobody may wait for it.
  executor.on('error', () => {});
  executor.stdin.on('error', () => {});
  executor.unref();
  return {
    revoke() {
      executor.kill('SIGKILL');
      executor.stdin.destroy();
    },
  };
}
