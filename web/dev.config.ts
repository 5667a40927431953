// For `vite -c dev.config.ts`: pages from the sources, data from a running server (BECKON, default port 8080), signed in by
// an API key (BECKON_KEY) instead of a session.
import { defineConfig, mergeConfig } from 'vite'
import base from './vite.config'

const target = process.env.BECKON ?? 'http://127.0.0.1:8080'
const headers: Record<string, string> = process.env.BECKON_KEY ? { authorization: `Bearer ${process.env.BECKON_KEY}` } : {}

export default mergeConfig(base, defineConfig({
  server: { proxy: Object.fromEntries(['/api', '/v1', '/assets', '/beckon.js', '/openapi.json', '/docs', '/icon.svg'].map((p) => [p, { target, headers }])) },
  plugins: process.env.BECKON_KEY
    ? [{
        name: 'signed-in-by-key',
        configureServer(server) {
          server.middlewares.use('/api/v1/setup', (_, res) => {
            res.setHeader('Content-Type', 'application/json')
            res.end(JSON.stringify({ needed: false, token_needed: false, signed_in: true, version: 'dev', environment: 'live' }))
          })
        },
      }]
    : [],
}))
