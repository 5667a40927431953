// app.tsx: who is here (first run, sign in, the workspace) and which screen stands at which address. Each screen is a
// chunk of its own.
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { Offline, Problem } from './api/client'
import { LiveProvider } from './api/live'
import { SessionProvider, useSessionQuery, useSetup } from './api/session'
import { LangProvider, useLang } from './i18n'
import { Boundary, ErrorNote, Loading } from './parts'
import { Toasts } from './parts/toast'
import { Frame } from './shell/frame'
import { SchemeProvider, useScheme } from './theme/scheme'
import { theme } from './theme/mantine'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      retryDelay: (count) => 300 * 3 ** count,
      retry: (count, error) => count < 2 && (error instanceof Offline || (error instanceof Problem && error.status >= 500)),
    },
    mutations: { retry: false },
  },
})

const FirstRun = lazy(() => import('./screens/first-run'))
const SignIn = lazy(() => import('./screens/sign-in'))
const Invitation = lazy(() => import('./screens/sign-in/invitation'))
const Today = lazy(() => import('./screens/today'))
const Playbooks = lazy(() => import('./screens/playbooks'))
const SetUp = lazy(() => import('./screens/setup'))
const Launch = lazy(() => import('./screens/launch'))
const Journeys = lazy(() => import('./screens/journeys'))
const Journey = lazy(() => import('./screens/journey'))
const JourneyEdit = lazy(() => import('./screens/journey/edit'))
const Simulate = lazy(() => import('./screens/simulate'))
const Customers = lazy(() => import('./screens/customers'))
const Customer = lazy(() => import('./screens/customer'))
const Segments = lazy(() => import('./screens/segments'))
const Segment = lazy(() => import('./screens/segment'))
const Content = lazy(() => import('./screens/content'))
const Message = lazy(() => import('./screens/message'))
const Messages = lazy(() => import('./screens/messages'))
const Insights = lazy(() => import('./screens/insights'))
const Tasks = lazy(() => import('./screens/tasks'))
const Data = lazy(() => import('./screens/data'))
const Settings = lazy(() => import('./screens/settings'))
const NotFound = lazy(() => import('./screens/not-found'))

/** Screens that show only the way back stand outside the frame. */
const BARE = /^\/(playbooks\/[^/]+|journeys\/[^/]+\/(launch|edit|simulate))$/

function Screens() {
  const [path] = useLocation()
  useEffect(() => { scrollTo(0, 0) }, [path])
  const screens = (
    <Boundary key={path} fallback={(error, reset) => <main className="page"><ErrorNote error={error} retry={reset} /></main>}>
      <Suspense fallback={<main className="page"><Loading /></main>}>
        <Switch>
          <Route path="/" component={Today} />
          <Route path="/playbooks" component={Playbooks} />
          <Route path="/playbooks/:id" component={SetUp} />
          <Route path="/journeys" component={Journeys} />
          <Route path="/journeys/:id" component={Journey} />
          <Route path="/journeys/:id/launch" component={Launch} />
          <Route path="/journeys/:id/edit" component={JourneyEdit} />
          <Route path="/journeys/:id/simulate" component={Simulate} />
          <Route path="/customers" component={Customers} />
          <Route path="/customers/segments" component={Segments} />
          <Route path="/customers/segments/:id" component={Segment} />
          <Route path="/customers/:id" component={Customer} />
          <Route path="/content" component={Content} />
          <Route path="/content/templates/:id" component={Message} />
          <Route path="/content/new/:channel" component={Message} />
          <Route path="/content/:tab" component={Content} />
          <Route path="/messages" component={Messages} />
          <Route path="/messages/:id" component={Messages} />
          <Route path="/insights" component={Insights} />
          <Route path="/insights/:id" component={Insights} />
          <Route path="/tasks" component={Tasks} />
          <Route path="/data" component={Data} />
          <Route path="/data/:tab" component={Data} />
          <Route path="/settings" component={Settings} />
          <Route path="/settings/:tab" component={Settings} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Boundary>
  )
  return BARE.test(path) ? screens : <Frame>{screens}</Frame>
}

function Gate() {
  const [path] = useLocation()
  const setup = useSetup()
  const session = useSessionQuery(setup.data?.signed_in === true)
  const { setLang } = useLang()
  const language = session.data?.user?.language
  useEffect(() => { if (language === 'zh' || language === 'en') setLang(language) }, [language, setLang])
  const wait = (x: ReactNode) => <Suspense fallback={null}>{x}</Suspense>
  if (setup.error && !setup.data) return <main className="page"><ErrorNote error={setup.error} retry={() => void setup.refetch()} /></main>
  if (!setup.data) return null
  if (path === '/invite') return wait(<Invitation />)
  if (setup.data.needed) return wait(<FirstRun tokenNeeded={setup.data.token_needed} />)
  if (!setup.data.signed_in || (session.error instanceof Problem && session.error.status === 401)) return wait(<SignIn />)
  if (session.error) return <main className="page"><ErrorNote error={session.error} retry={() => void session.refetch()} /></main>
  if (!session.data) return null
  return (
    <SessionProvider session={session.data}>
      <LiveProvider>
        {path === '/welcome' ? wait(<FirstRun chosen />) : <Screens />}
      </LiveProvider>
    </SessionProvider>
  )
}

function Kit({ children }: { children: ReactNode }) {
  const { scheme } = useScheme()
  return (
    <MantineProvider theme={theme} forceColorScheme={scheme} withCssVariables={false} withGlobalClasses={false}>
      {children}
    </MantineProvider>
  )
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <LangProvider>
        <SchemeProvider>
          <Kit>
            <Boundary fallback={(error, reset) => <main className="page"><ErrorNote error={error} retry={reset} /></main>}>
              <Gate />
            </Boundary>
            <Toasts />
          </Kit>
        </SchemeProvider>
      </LangProvider>
    </QueryClientProvider>
  )
}
