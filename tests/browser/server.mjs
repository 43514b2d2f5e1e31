// The server under test, on a port of its own: `make serve` does the same on port 5000.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const START = 30000; // ms: a machine that is busy may need a while

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return port;
}

export class Server {
    #child;
    #corrections;

    constructor(corrections) {
        this.#corrections = corrections;
    }

    /** Start, again on the same port, and wait until it answers. */
    async start() {
        this.port ??= await freePort();
        this.origin = `http://localhost:${this.port}`;
        const env = {
            ...process.env,
            PORT: String(this.port),
            HWDR_CORRECTIONS: this.#corrections,
        };
        this.#child = spawn(process.env.SERVE ?? 'pipelines/serve.sh', [], {
            env,
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        let said = '';
        this.#child.stderr.on('data', (text) => {
            said += text;
        });
        for (const end = Date.now() + START; Date.now() < end;) {
            if (this.#child.exitCode !== null) {
                break;
            }
            const response = await fetch(`${this.origin}/`).catch(() => undefined);
            if (response?.ok) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await this.stop();
        throw new Error(`the server did not start: ${said}`);
    }

    async stop() {
        const child = this.#child;
        if (child && child.exitCode === null && child.signalCode === null) {
            const gone = new Promise((resolve) => child.once('exit', resolve));
            child.kill('SIGTERM');
            await gone;
        }
    }
}
