// Icons on a grid of 20 with a round stroke of 1.5. Each is a separate component
// for tree shaking. Icons are hidden from screen readers: the control has the name.

interface IconProps {
  size?: number
  class?: string
}

function draw(path: string) {
  return ({ size = 20, class: className }: IconProps) => (
    <svg
      class={className}
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  )
}

export const InboxIcon = /* @__PURE__ */ draw('M3 11.5 5.2 4.5h9.6l2.2 7v4H3zM3 11.5h4l1 2h4l1-2h4')
export const AgentsIcon = /* @__PURE__ */ draw(
  'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-2.6 2.2-4.3 5.5-4.3s5.5 1.7 5.5 4.3M13 4a2.8 2.8 0 0 1 0 5.2M15 12.6c1.9.6 3 2 3 3.9',
)
export const SitesIcon = /* @__PURE__ */ draw(
  'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3.2 10h13.6M10 3c2.2 2 3.2 4.3 3.2 7s-1 5-3.2 7c-2.2-2-3.2-4.3-3.2-7S7.8 5 10 3z',
)
export const PersonIcon = /* @__PURE__ */ draw(
  'M10 9.7a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.7 17c.3-2.9 2.7-4.6 6.3-4.6s6 1.7 6.3 4.6',
)
export const ChatIcon = /* @__PURE__ */ draw(
  'M3 5.5a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-4 3.5v-3.5a2 2 0 0 1-2-2zM6.5 7.3h7M6.5 10h4.5',
)
export const SendIcon = /* @__PURE__ */ draw('M4 10 3 3.8 17.2 10 3 16.2 4 10zM4 10h6')
export const ClipIcon = /* @__PURE__ */ draw(
  'M16 9.2 10 15.3a3.7 3.7 0 0 1-5.3-5.2l6.4-6.5a2.5 2.5 0 0 1 3.6 3.5l-6.3 6.4a1.2 1.2 0 0 1-1.8-1.7l5.7-5.8',
)
export const FileIcon = /* @__PURE__ */ draw('M11.5 2.8H5v14.4h10V6.3zM11.5 2.8v3.5H15')
export const DownloadIcon = /* @__PURE__ */ draw('M10 3v9.5M5.8 8.8 10 13l4.2-4.2M3.5 16.5h13')
export const NextIcon = /* @__PURE__ */ draw('M7.5 4l6 6-6 6')
export const BackIcon = /* @__PURE__ */ draw('M12.5 4 6.5 10l6 6')
export const DownIcon = /* @__PURE__ */ draw('M5 7.5l5 5 5-5')
export const ArrowDownIcon = /* @__PURE__ */ draw('M10 3.5v13M4.5 11 10 16.5 15.5 11')
export const CloseIcon = /* @__PURE__ */ draw('M5 5l10 10M15 5 5 15')
export const CheckIcon = /* @__PURE__ */ draw('M4 10.5l4 4 8-9')
export const DoubleCheckIcon = /* @__PURE__ */ draw('M1.5 10.8l3.5 3.5 7-8.6M9.3 13.6l.7.7 8-8.6')
export const ClockIcon = /* @__PURE__ */ draw('M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.3l2.8 1.7')
export const WarningIcon = /* @__PURE__ */ draw('M10 3.2 17.8 16.5H2.2zM10 8v4M10 14.3v.1')
export const InfoIcon = /* @__PURE__ */ draw('M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.2V14M10 6.3v.1')
export const RetryIcon = /* @__PURE__ */ draw('M16.5 10a6.5 6.5 0 1 1-2-4.7l2.3 2.2M16.8 3.5v4h-4')
export const VerifiedIcon = /* @__PURE__ */ draw(
  'M10 2.8 16 5v5c0 3.6-2.5 6-6 7.2C6.5 16 4 13.6 4 10V5zM7.2 10.2l2 2 3.8-4.3',
)
export const CopyIcon = /* @__PURE__ */ draw('M7 7h8.5v9.5H7zM12.5 7V3.5H4V13h3')
export const PlusIcon = /* @__PURE__ */ draw('M10 4v12M4 10h12')
export const EditIcon = /* @__PURE__ */ draw('M4 16l.8-3.6 8.5-8.5 2.8 2.8-8.5 8.5zM11.5 5.7l2.8 2.8')
export const TransferIcon = /* @__PURE__ */ draw('M3 7h13M12.5 3.5 16 7l-3.5 3.5M17 13H4M7.5 9.5 4 13l3.5 3.5')
export const BlockIcon = /* @__PURE__ */ draw('M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM5.2 5.2l9.6 9.6')
export const LogoutIcon = /* @__PURE__ */ draw('M8 3.5H4v13h4M12.5 6.5 16 10l-3.5 3.5M16 10H7.5')
export const EmailIcon = /* @__PURE__ */ draw('M3 5h14v10.5H3zM3 6l7 5.5L17 6')
export const DetailsIcon = /* @__PURE__ */ draw('M3 4h14v12H3zM12 4v12')
export const ExternalIcon = /* @__PURE__ */ draw('M11 4h5v5M16 4l-7 7M13.5 11.5V16H4V6.5h4.5')

/** The product logo: a speech bubble with the two strokes of 言. */
export function KefuMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 28 28" aria-hidden="true">
      <path
        fill="var(--color-accent)"
        d="M4 8.5A5.5 5.5 0 0 1 9.5 3h9A5.5 5.5 0 0 1 24 8.5v6a5.5 5.5 0 0 1-5.5 5.5H14l-5.2 4.6c-.7.6-1.8.1-1.8-.8V19.4A5.5 5.5 0 0 1 4 14.5z"
      />
      <path
        fill="none"
        stroke="var(--color-on-accent)"
        stroke-width="2"
        stroke-linecap="round"
        d="M9.5 9.3h9M9.5 13.7h5.5"
      />
    </svg>
  )
}
