/// Width and height, in pixels or points.
public struct Extent: Hashable, Sendable, Codable {
    public var width: Double
    public var height: Double

    public init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }
}

/// A rectangle by its edges; the origin is at the top left, y goes down.
public struct Box: Hashable, Sendable {
    public var left: Double
    public var top: Double
    public var right: Double
    public var bottom: Double

    public init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    /// From centre and sides, as detectors give them.
    public init(centerX: Double, centerY: Double, width: Double, height: Double) {
        self.init(
            left: centerX - width / 2, top: centerY - height / 2,
            right: centerX + width / 2, bottom: centerY + height / 2
        )
    }

    /// From a rectangle of Vision: 0...1, the origin at the lower left.
    public init(lowerLeftX x: Double, y: Double, width: Double, height: Double) {
        self.init(left: x, top: 1 - y - height, right: x + width, bottom: 1 - y)
    }

    public var width: Double { right - left }
    public var height: Double { bottom - top }
    public var area: Double { max(0, width) * max(0, height) }
    public var isFinite: Bool { left.isFinite && top.isFinite && right.isFinite && bottom.isFinite }

    /// Every x and y through a function of its own.
    public func mapped(x: (Double) -> Double, y: (Double) -> Double) -> Box {
        let xs = [x(left), x(right)]
        let ys = [y(top), y(bottom)]
        return Box(left: min(xs[0], xs[1]), top: min(ys[0], ys[1]), right: max(xs[0], xs[1]), bottom: max(ys[0], ys[1]))
    }

    /// The part within a picture of this size.
    public func clipped(to size: Extent) -> Box {
        mapped(x: { min(max($0, 0), size.width) }, y: { min(max($0, 0), size.height) })
    }

    /// Common area by the area of both together; 0 for boxes that only touch, or have no area.
    public func overlap(with other: Box) -> Double {
        let width = min(right, other.right) - max(left, other.left)
        let height = min(bottom, other.bottom) - max(top, other.top)
        guard width > 0, height > 0 else { return 0 }
        let common = width * height
        let union = area + other.area - common
        return union > 0 ? common / union : 0
    }
}

/// How a picture's memory has to be turned to be upright; the numbers are those of EXIF.
public enum Orientation: Int, CaseIterable, Sendable {
    case up = 1
    case upMirrored, down, downMirrored, leftMirrored, right, rightMirrored, left

    /// Whether width and height change places.
    public var turnsSides: Bool { rawValue >= 5 }

    /// A point 0...1 of the memory, in the upright picture.
    public func upright(x: Double, y: Double) -> (x: Double, y: Double) {
        switch self {
        case .up: (x, y)
        case .upMirrored: (1 - x, y)
        case .down: (1 - x, 1 - y)
        case .downMirrored: (x, 1 - y)
        case .leftMirrored: (y, x)
        case .right: (1 - y, x)
        case .rightMirrored: (1 - y, 1 - x)
        case .left: (y, 1 - x)
        }
    }
}

/// A picture that fills a view and keeps its shape; what hangs over is cut off on both sides.
public struct AspectFill: Hashable, Sendable {
    public let scale: Double
    public let offsetX: Double
    public let offsetY: Double

    /// A picture without area stays where it is.
    public init(picture: Extent, view: Extent) {
        guard picture.width > 0, picture.height > 0 else {
            (scale, offsetX, offsetY) = (1, 0, 0)
            return
        }
        scale = max(view.width / picture.width, view.height / picture.height)
        offsetX = (view.width - picture.width * scale) / 2
        offsetY = (view.height - picture.height * scale) / 2
    }

    /// A box of the picture (px), in the view (points).
    public func inView(_ box: Box) -> Box {
        box.mapped(x: { $0 * scale + offsetX }, y: { $0 * scale + offsetY })
    }
}
