import { createRoot } from 'react-dom/client'
import './theme/tokens.css'
import './theme/mantine.css'
import './theme/base.css'
import './parts/parts.css'
import './shell/shell.css'
import { App } from './app'

createRoot(document.getElementById('root') as HTMLElement).render(<App />)
