/// Which part of a picture a network gets to see. The words are those of the lab's model cards.
public enum Fit: String, Codable, Sendable, CaseIterable {
    /// The largest middle part that has the input's shape.
    case crop
    /// The whole picture, its shape changed.
    case stretch
    /// The whole picture in its own shape, grey beside it on both sides.
    case letterbox
    /// The whole picture in its own shape at the top left, grey below or to the right.
    case letterboxTopLeft = "letterbox-topleft"
}

/// Whole pixels: the part from (left, top) up to, but without, (right, bottom).
public struct PixelRect: Hashable, Sendable {
    public var left: Int
    public var top: Int
    public var right: Int
    public var bottom: Int

    public init(left: Int, top: Int, right: Int, bottom: Int) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    public var width: Int { right - left }
    public var height: Int { bottom - top }
}

/// Where a picture goes inside the network's input, so that boxes find the way back.
public struct Placement: Hashable, Sendable {
    /// The part of the picture that is taken, px of the picture.
    public let crop: PixelRect
    /// The part of the input that it fills, px of the input.
    public let inside: PixelRect

    public init(crop: PixelRect, inside: PixelRect) {
        self.crop = crop
        self.inside = inside
    }

    /// Place a picture of (width, height) px.
    ///
    /// - Parameters:
    ///   - share: of the middle that `crop` keeps; 0.875 is "resize to 256, crop 224".
    public init(
        width: Int, height: Int, inputWidth: Int, inputHeight: Int, fit: Fit, share: Double = 1
    ) {
        let whole = PixelRect(left: 0, top: 0, right: width, bottom: height)
        let all = PixelRect(left: 0, top: 0, right: inputWidth, bottom: inputHeight)
        switch fit {
        case .stretch:
            self.init(crop: whole, inside: all)
        case .crop:
            let scale = min(Double(height) / Double(inputHeight), Double(width) / Double(inputWidth))
            var sides = (
                width: min(width, max(1, Self.rounded(Double(inputWidth) * scale))),
                height: min(height, max(1, Self.rounded(Double(inputHeight) * scale)))
            )
            if share != 1 {
                sides.width = max(1, Self.rounded(Double(sides.width) * share))
                sides.height = max(1, Self.rounded(Double(sides.height) * share))
            }
            let left = (width - sides.width) / 2
            let top = (height - sides.height) / 2
            let part = PixelRect(left: left, top: top, right: left + sides.width, bottom: top + sides.height)
            self.init(crop: part, inside: all)
        case .letterbox, .letterboxTopLeft:
            let scale = min(Double(inputHeight) / Double(height), Double(inputWidth) / Double(width))
            let middle = fit == .letterbox  // as Ultralytics round; YOLOX, at the top left, cuts off
            let sides = (width: Double(width) * scale, height: Double(height) * scale)
            let inner = (
                width: max(1, middle ? Self.rounded(sides.width) : Int(sides.width)),
                height: max(1, middle ? Self.rounded(sides.height) : Int(sides.height))
            )
            let left = middle ? Self.rounded(Double(inputWidth - inner.width) / 2 - 0.1) : 0
            let top = middle ? Self.rounded(Double(inputHeight - inner.height) / 2 - 0.1) : 0
            let part = PixelRect(left: left, top: top, right: left + inner.width, bottom: top + inner.height)
            self.init(crop: whole, inside: part)
        }
    }

    /// A box of the input (px), in the picture (px); not clipped.
    public func inPicture(_ box: Box) -> Box {
        let x = Double(crop.width) / Double(inside.width)
        let y = Double(crop.height) / Double(inside.height)
        return box.mapped(
            x: { ($0 - Double(inside.left)) * x + Double(crop.left) },
            y: { ($0 - Double(inside.top)) * y + Double(crop.top) }
        )
    }

    /// Halves go to the even side, as in Python.
    private static func rounded(_ value: Double) -> Int {
        Int(value.rounded(.toNearestOrEven))
    }
}
