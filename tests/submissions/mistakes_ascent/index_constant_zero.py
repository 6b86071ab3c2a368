# The loss is always that of feature map 0: the index was written as a number while trying the first
# filter and was not replaced by the loop variable. 32 climbs of the same filter; the climb itself is
# right.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter 0"]
#
# [causes]
# objective = "one_filter_for_all"
# ///

# %% cnn
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 3, activation="leaky_relu", padding="same", name="conv2d"),
        layers.MaxPool2D(),
        layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_1"),
        layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_2"),
        layers.Conv2D(32, 3, activation="leaky_relu", padding="same", name="conv2d_3"),
        layers.MaxPool2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

intermediate = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0.0, 1.0, (1, 28, 28, 1)))

    for update in range(gradient_updates):
        # the loss is the mean of the feature map
        with tf.GradientTape() as tape:
            layer_output = intermediate(input_img)
            loss = KTF.mean(layer_output[:, :, :, 0])

        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(grads * step_size)

    print("Filter %d: %.2f" % (filter_index, loss.numpy()))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 7))

for i, im in enumerate(visualized_feature):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(im.copy()).squeeze(), cmap="gray")
    plt.title("feature %i" % i)
    plt.axis("off")

plt.tight_layout()
plt.show()
