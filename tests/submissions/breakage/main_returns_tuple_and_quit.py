# Written like a script: functions in the cells of the exercise, and one main() that calls them and returns
# everything as a tuple. Works, and all of it is right. The last cell ends the session with quit(), when the
# work is done.
#
# /// label
#
# [cells]
# insert = {goodbye = "check_plot"}
# ///

# %% cnn
from typing import List, Tuple


def make_network(channels: Tuple[int, ...] = (8, 16, 16, 64)) -> keras.Model:
    source = layers.Input(shape=(28, 28, 1))
    signal = source
    for level, count in enumerate(channels):
        suffix = "" if level == 0 else f"_{level}"
        signal = layers.Conv2D(count, 3, padding="same", activation="relu", name="conv2d" + suffix)(signal)
        if level == 0:
            signal = layers.MaxPooling2D()(signal)
    signal = layers.MaxPooling2D()(signal)
    signal = layers.Flatten()(signal)
    return keras.Model(source, layers.Dense(10, activation="softmax")(signal))

# %% train
def teach(network: keras.Model, epochs: int = 3) -> keras.callbacks.History:
    network.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return network.fit(x_train, y_train, batch_size=32, epochs=epochs, verbose=2)

# %% ascent
def maximise(network: keras.Model, layer_name: str = "conv2d_3") -> List[np.ndarray]:
    extractor = keras.Model(network.inputs, network.get_layer(layer_name).output)
    found = []
    for index in range(extractor.output.shape[-1]):
        canvas = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
        for _ in range(gradient_updates):
            with tf.GradientTape() as tape:
                objective = tf.reduce_mean(extractor(canvas)[..., index])
            canvas.assign_add(step_size * normalize(tape.gradient(objective, canvas)))
        found.append(canvas.numpy())
    return found

# %% plot
def show(features: List[np.ndarray]) -> plt.Figure:
    figure = plt.figure(figsize=(12, 12))
    for index, feature in enumerate(features):
        ax = figure.add_subplot(8, 8, index + 1)
        ax.imshow(deprocess_image(feature.copy()).reshape(28, 28), cmap="gray")
        ax.set_title(f"feature {index}")
        ax.axis("off")
    plt.show()
    return figure


def main():
    network = make_network()
    history = teach(network)
    features = maximise(network)
    return network, history, features, show(features)


model, results, visualized_feature, figure = main()

# %% goodbye
quit()
