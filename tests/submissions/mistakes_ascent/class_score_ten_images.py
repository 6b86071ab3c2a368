# Maximises the ten outputs of the classifier instead of the feature maps of a convolution layer, so there
# are ten images, one per digit, where there should be 32, and none belongs to a filter. The updates are
# done as asked, though a softmax that is saturated hardly passes on any gradient: where the images come out again,
# that costs the objective alone.
#
# /// label
# images = ["partial", "fail"]
# ascent = ["pass", "partial", "fail"]
# objective = "fail"
# updates = ["pass", "partial", "fail"]
#
# [causes]
# ascent = "class_score"
# objective = "class_score"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 10  # one for every digit
visualized_feature = []

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            prediction = model(input_img)
            # how sure is the network that it sees this digit?
            loss = KTF.mean(prediction[:, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    print("digit", filter_index, "probability", float(loss))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6))

for i in range(10):
    plt.subplot(2, 5, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
