# The noise is made once, before the loop over the filters: filter i goes on where filter i - 1 stopped.
# Each filter does climb, but its image also holds what all the filters before it wanted, and the last has
# 1200 steps behind it.
#
# /// label
# images = ["pass", "partial"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial", "fail"]
# updates = ["fail", "partial", "pass"]
#
# [causes]
# updates = "previous_image"
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(12, 3, activation="leaky_relu", padding="same", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(12, 3, activation="leaky_relu", padding="same", name="conv2d_1"),
    layers.Conv2D(24, 3, activation="leaky_relu", padding="same", name="conv2d_2"),
    layers.Conv2D(24, 3, activation="leaky_relu", padding="same", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

front = keras.Model(model.inputs, model.get_layer(layer_name).output)

# start image: random noise
input_img = KTF.variable(np.random.uniform(0, 1, size=(1, 28, 28, 1)))

for filter_index in range(number_of_filters):
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(front(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    # numpy() makes a copy, so I can go on with input_img
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, feature in enumerate(visualized_feature):
    ax = plt.subplot(5, 5, i + 1)
    ax.imshow(deprocess_image(feature.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")

plt.show()
