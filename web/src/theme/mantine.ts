// The kit's behaviour; its looks are in mantine.css. Nothing here may make it write style elements: the content security
// policy has no inline styles.
import { createTheme, Drawer, Menu, Modal, Popover, Select, Tooltip } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'teal',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: Modal.extend({ defaultProps: { lockScroll: false, overlayProps: { backgroundOpacity: 0.35 }, transitionProps: { duration: 120 } } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false, position: 'right', overlayProps: { backgroundOpacity: 0.35 } } }),
    Menu: Menu.extend({ defaultProps: { transitionProps: { duration: 80 } } }),
    Popover: Popover.extend({ defaultProps: { transitionProps: { duration: 80 } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, multiline: true } }),
    Select: Select.extend({ defaultProps: { checkIconPosition: 'right', allowDeselect: false } }),
  },
})
