# The cells of network and training were dragged below the ascent. Run from top to bottom, the ascent does not
# know the model yet: NameError, no images, nothing to plot. Network and training themselves are right.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# images = ["model"]
#
# [cells]
# move = {cnn = "ascent", train = "cnn"}
# ///

# %% cnn
model = keras.Sequential(
    layers=[
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.Flatten(),
        layers.Dropout(rate=0.25),
        layers.Dense(units=10, activation="softmax"),
    ]
)

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.002),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
submodel = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    noise = np.random.uniform(0.0, 1.0, size=(1, 28, 28, 1))
    input_img = KTF.variable(noise)

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            loss = KTF.mean(submodel(input_img)[:, :, :, filter_index])

        # 3. its gradient with respect to the image, normalised
        grads = normalize(tape.gradient(loss, input_img))

        # 4. one step uphill
        input_img.assign_add(step_size * grads)

    # 5. keep the image
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(len(visualized_feature)):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
