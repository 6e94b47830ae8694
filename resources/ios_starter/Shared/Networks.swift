import Foundation
import LineupKit

/// What lies in the app beside its code.
enum Networks {
    /// The networks that the lab has put into the app, as Networks.json names them.
    static func inApp() throws -> [Network] {
        guard let url = Bundle.main.url(forResource: "Networks", withExtension: "json") else {
            throw Trouble("Networks.json is not in the app. Add it to the target again.")
        }
        return try Network.all(from: Data(contentsOf: url))
    }
}

/// Something that the user can read.
struct Trouble: LocalizedError {
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }

    var errorDescription: String? { sentence }
}
